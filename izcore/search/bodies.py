"""The sentences at hand: what a search may complete anew with its coordinates, without writing anything."""

from collections.abc import Iterable

from izcore.plugin.trials import Candidate


def bodies_at_hand(
    candidates: Iterable[Candidate], *, latent_dim: int, written_dim: int
) -> tuple[Candidate, ...]:
    """Return the distinct sentences of candidates in order of first appearance, completed by nothing.

    A sentence keeps the first ``written_dim`` numbers of its candidate's latent, which the generator was
    given, where that latent has ``latent_dim`` numbers as those of this run have, and none otherwise. What is
    refused is not at hand.
    """
    found: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.sentence not in found and not candidate.refused:
            placed = len(candidate.latent) == latent_dim
            found[candidate.sentence] = Candidate(
                latent=candidate.latent[:written_dim] if placed else (),
                instruction=candidate.sentence,
                raw=candidate.raw,
                features=candidate.features,
                writer=candidate.writer,
            )
    return tuple(found.values())
