"""A generator without a model: each coordinate of a latent fills a slot of the sentence."""

from collections.abc import Sequence
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Candidate,
    GenerateRequest,
    GenerateResult,
    Generator,
    GeneratorRegistration,
    Latent,
    Meta,
    Options,
    PrepareRequest,
    PrepareResult,
    hookimpl,
)

IZCORE_API = 1

VERBS = ("Repeat", "Correct", "Translate", "Shorten")
OBJECTS = ("the input", "the text", "every word of the input")
MANNERS = ("", " backwards", " in one word", " politely")


class SlotOptions(Options):
    """What a user can set."""

    ending: Annotated[str, Meta(min_length=1, description="Ends every instruction")] = "."


class Slots(Generator):
    """Writes 48 different sentences; a latent has three coordinates."""

    def __init__(self, options: SlotOptions, context: BackendContext) -> None:
        self._ending = options.ending

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Say the dimension. A generator with a model loads it here, and measures what it must."""
        return PrepareResult(latent_dim=3)

    def generate(self, request: GenerateRequest) -> GenerateResult:
        """Write one sentence per latent, in order."""
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=self._write(latent)) for latent in request.latents
            )
        )

    def write_unsteered(self, request: PrepareRequest) -> Candidate:
        """Write the first sentence: what there is when no latent chooses."""
        return Candidate(latent=(), instruction=self._write((0.0, 0.0, 0.0)))

    def _write(self, latent: Latent) -> str:
        verb, thing, manner = (
            filling(slot, coordinate)
            for slot, coordinate in zip((VERBS, OBJECTS, MANNERS), latent, strict=True)
        )
        return f"{verb} {thing}{manner}{self._ending}"


def filling(slot: Sequence[str], coordinate: float) -> str:
    """Return what a coordinate in [0, 1] stands for; all fillings have equal shares."""
    return slot[min(int(coordinate * len(slot)), len(slot) - 1)]


@hookimpl
def izcore_generators() -> list[GeneratorRegistration]:
    """Register the generator."""
    return [
        GeneratorRegistration(
            name="slots",
            summary="Sentences with slots, filled by the latent's coordinates",
            factory="izcore_slots:Slots",
            options=SlotOptions,
        )
    ]
