"""Where sentences lie in the space that is searched, for generators that can tell."""

from collections.abc import Sequence

import msgspec

from izcore.plugin.protocols import Generator
from izcore.plugin.record import Record
from izcore.plugin.trials import Candidate, Latent, LocateRequest, Trial
from izcore.registry.guards import resolved
from izcore.search.coordinates import Values, numbers_of


class Located(Record):
    """Trials with their latents as they are now, and what the generator is given back of it."""

    trials: tuple[Trial, ...]
    state: str = ""


async def locate(generator: Generator, request: LocateRequest, coordinates: Values) -> Located:
    """Return the request's trials where their generator says that their sentences lie.

    A latent keeps the numbers of its coordinates, which stand behind the generator's. A trial
    that has no place, or of which these numbers are not known, comes without a latent. Where the generator
    says nothing, all is as it was.
    """
    if not request.history:
        return Located(trials=())
    found = await resolved(generator.locate(request))
    if found is None:
        return Located(trials=request.history)
    moved = (
        _moved(trial, latent, _numbers_behind(trial.candidate, request.latent_dim, coordinates))
        for trial, latent in zip(request.history, found.latents, strict=True)
    )
    return Located(trials=tuple(moved), state=found.state)


def _moved(trial: Trial, latent: Latent | None, behind: Sequence[float] | None) -> Trial:
    whole = () if latent is None or behind is None else (*latent, *behind)
    return msgspec.structs.replace(trial, candidate=msgspec.structs.replace(trial.candidate, latent=whole))


def _numbers_behind(candidate: Candidate, written_dim: int, coordinates: Values) -> Sequence[float] | None:
    """Return the numbers of a latent behind the generator's; None where they are not known."""
    if len(candidate.latent) == written_dim + len(coordinates):
        return candidate.latent[written_dim:]
    return numbers_of(coordinates, candidate.coordinates)
