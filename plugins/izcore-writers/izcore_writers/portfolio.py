"""Several generators as one: the instructions of a round are shared out among them."""

from collections.abc import Awaitable, Sequence

import msgspec

from izcore.plugin import (
    BackendContext,
    Candidate,
    GenerateRequest,
    GenerateResult,
    Generator,
    Latent,
    LocateRequest,
    LocateResult,
    PrepareRequest,
    PrepareResult,
    Trial,
    derive_seed,
)
from izcore_writers.options import PortfolioOptions


class Portfolio(Generator):
    """Writes through several generators, under whatever evaluation policy the run has.

    A latent's last number picks the writer, and the first are the writer's own, as many as it wants. So
    latents that cover the cube evenly give all writers equal shares, and a surrogate that learns can learn
    who writes well. Every writer sees the trials of all. A writer that has no more to offer leaves its
    latents to the others.
    """

    def __init__(self, options: PortfolioOptions, context: BackendContext) -> None:
        self._writers = context.generators
        self._dimensions: dict[str, int] = {}

    def pool_size(self) -> int | None:
        """Return how many instructions the writers have on offer together; None where one has no end."""
        sizes = [writer.pool_size() for writer in self._writers.values()]
        finite = [size for size in sizes if size is not None]
        return sum(finite) if len(finite) == len(sizes) else None

    def longest_instruction(self) -> int | None:
        """Return the most bytes that an instruction of any writer can have; None where one does not know."""
        longest = [writer.longest_instruction() for writer in self._writers.values()]
        known = [length for length in longest if length is not None]
        return max(known) if len(known) == len(longest) else None

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Make all writers ready; latents have as many numbers as the widest wants, and one more."""
        states = {}
        notes: list[str] = []
        for name, writer in self._writers.items():
            own = msgspec.structs.replace(
                request, seed=derive_seed(request.seed, name), state=request.state.get(name, {})
            )
            prepared = writer.prepare(own)
            self._dimensions[name] = prepared.latent_dim
            states[name] = prepared.state
            notes += (f"{name}: {note}" for note in prepared.notes)
        return PrepareResult(latent_dim=max(self._dimensions.values()) + 1, state=states, notes=tuple(notes))

    async def generate(self, request: GenerateRequest) -> GenerateResult:
        """Let each writer write from the latents that pick it.

        Those with an end are asked first, so that the others can take over what they leave.
        """
        order = sorted(self._writers, key=lambda name: self._writers[name].pool_size() is None)
        shares = self._picked(request.latents)
        written: dict[int, Candidate] = {}
        over: set[str] = set()
        for turn in range(len(order)):
            for position, name in enumerate(order):
                places = shares[name]
                if not places:
                    continue
                shares[name] = []
                result = await self._ask(name, request, places, turn)
                written |= dict(zip(places, result.candidates, strict=False))
                if result.exhausted:
                    over.add(name)
                left = places[len(result.candidates) :]
                able = [each for each in order if each not in over]
                heirs = [each for each in able if each in order[position + 1 :]] or able
                for number, place in enumerate(left if heirs else ()):
                    shares[heirs[number % len(heirs)]].append(place)
        found = [written[place] for place in sorted(written)]
        return GenerateResult(
            candidates=tuple(
                msgspec.structs.replace(candidate, latent=latent)
                for candidate, latent in zip(found, request.latents, strict=False)
            ),
            exhausted=len(over) == len(order),
        )

    async def locate(self, request: LocateRequest) -> LocateResult | None:
        """Ask each writer that can tell where its own sentences lie; those of the others stay where they are.

        A writer sees the trials of all, as when it writes. None where no writer can tell.
        """
        latents = [trial.candidate.latent or None for trial in request.history]
        states: dict[str, str] = {}
        for name, writer in self._writers.items():
            size = self._dimensions[name]
            own = msgspec.structs.replace(
                request,
                history=tuple(_as_seen_by(name, trial, size) for trial in request.history),
                latent_dim=size,
                seed=derive_seed(request.seed, name),
            )
            result = writer.locate(own)
            if isinstance(result, Awaitable):
                result = await result
            if result is None:
                continue
            states[name] = result.state
            for place, (trial, found) in enumerate(zip(request.history, result.latents, strict=True)):
                if trial.candidate.writer == name:
                    behind = trial.candidate.latent[size : request.latent_dim]
                    latents[place] = (*found, *behind) if found and behind else None
        if not states:
            return None
        # Numbers of coordinates, which stand behind, are not a generator's to place.
        placed = (latent[: request.latent_dim] if latent else () for latent in latents)
        whole = tuple(each if len(each) == request.latent_dim else None for each in placed)
        return LocateResult(latents=whole, state=msgspec.json.encode(states).decode())

    def _picked(self, latents: Sequence[Latent]) -> dict[str, list[int]]:
        """Return the places of the latents that pick each writer; each has an equal part of the interval."""
        names = list(self._writers)
        places: dict[str, list[int]] = {name: [] for name in names}
        for place, latent in enumerate(latents):
            places[names[min(int(latent[-1] * len(names)), len(names) - 1)]].append(place)
        return places

    async def _ask(
        self, name: str, request: GenerateRequest, places: Sequence[int], turn: int
    ) -> GenerateResult:
        """Let a writer write from the latents in these places, and say that it was the one."""
        size = self._dimensions[name]
        located = msgspec.json.decode(request.located, type=dict[str, str]) if request.located else {}
        own = msgspec.structs.replace(
            request,
            latents=tuple(request.latents[place][:size] for place in places),
            seed=derive_seed(request.seed, name, turn),
            history=tuple(_as_seen_by(name, trial, size) for trial in request.history),
            located=located.get(name, ""),
        )
        result = self._writers[name].generate(own)
        if isinstance(result, Awaitable):
            result = await result
        return msgspec.structs.replace(
            result,
            candidates=tuple(
                # Features of one writer say nothing beside those of another.
                msgspec.structs.replace(candidate, writer=candidate.writer or name, features=())
                for candidate in result.candidates
            ),
        )


def _as_seen_by(name: str, trial: Trial, size: int) -> Trial:
    """Return a trial with the latent that this writer was given, or none where another wrote it."""
    candidate = trial.candidate
    latent = candidate.latent[:size] if candidate.writer == name else ()
    return msgspec.structs.replace(trial, candidate=msgspec.structs.replace(candidate, latent=latent))
