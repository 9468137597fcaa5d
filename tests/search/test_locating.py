"""Where trials lie that a generator locates anew, and what keeps the latent that it had."""

import asyncio
from typing import Any

from izcore.plugin import (
    Candidate,
    CoordinateValue,
    GenerateResult,
    Generator,
    LocateRequest,
    LocateResult,
    PrepareResult,
    Trial,
)
from izcore.search.locating import Located, locate

FORMS = {"form": (CoordinateValue(name="plain"), CoordinateValue(name="short", clause="Be short."))}


class Counting(Generator):
    """A sentence lies where its number of words says, but for one that it does not know."""

    def prepare(self, request: Any) -> PrepareResult:
        return PrepareResult(latent_dim=1)

    def generate(self, request: Any) -> GenerateResult:
        return GenerateResult(candidates=())

    def locate(self, request: LocateRequest) -> LocateResult:
        words = [len(trial.candidate.sentence.split()) for trial in request.history]
        return LocateResult(
            latents=tuple((count / 10,) if count < 4 else None for count in words), state=f"{len(words)} seen"
        )


def trial(latent: tuple[float, ...], sentence: str, form: str = "") -> Trial:
    parts: Any = {"body": sentence, "coordinates": (("form", form),)} if form else {}
    candidate = Candidate(latent=latent, instruction=sentence, **parts)
    return Trial(index=0, round=0, candidate=candidate, scores=(1.0,))


def located(*history: Trial, generator: Generator, coordinates: Any) -> Located:
    request = LocateRequest(history=history, demonstrations=(), latent_dim=1, seed=0)
    return asyncio.run(locate(generator, request, coordinates))


def latents(found: Located) -> list[tuple[float, ...]]:
    return [trial.candidate.latent for trial in found.trials]


def test_sentences_of_other_writers_get_a_place_and_unknown_ones_lose_theirs() -> None:
    history = (trial((0.9,), "Write it."), trial((), "Do."), trial((0.5,), "Far too many words."))
    found = located(*history, generator=Counting(), coordinates={})
    assert latents(found) == [(0.2,), (0.1,), ()]
    assert found.state == "3 seen"
    assert [each.candidate.instruction for each in found.trials] == [
        each.candidate.instruction for each in history
    ]


def test_numbers_of_coordinates_stay() -> None:
    history = (trial((0.9, 0.6), "Write it.", "short"), trial((), "Do.", "plain"), trial((), "Do.", "gone"))
    assert latents(located(*history, generator=Counting(), coordinates=FORMS)) == [
        (0.2, 0.6),
        (0.1, 0.25),
        (),
    ]


def test_a_generator_that_says_nothing_changes_nothing() -> None:
    class Plain(Counting):
        def locate(self, request: LocateRequest) -> None:  # type: ignore[override]
            return None

    history = (trial((0.9,), "Write it."), trial((), "Do."))
    assert located(*history, generator=Plain(), coordinates={}) == Located(trials=history)
    assert located(generator=Counting(), coordinates={}) == Located(trials=())
