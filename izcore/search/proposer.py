"""What is tried next: latents from the surrogate, instructions from the generator, or from a pool of them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from izcore.config.schema import RunConfig
from izcore.plugin.coordinates import CoordinateChoices
from izcore.plugin.events import PhaseStarted
from izcore.plugin.examples import Splits
from izcore.plugin.protocols import Generator, Surrogate
from izcore.plugin.seeds import derive_seed, sobol_latents
from izcore.plugin.trials import (
    USER,
    Candidate,
    GenerateRequest,
    Latent,
    LocateRequest,
    PrepareResult,
    SuggestRequest,
    Trial,
)
from izcore.registry.event_dispatch import Events
from izcore.registry.guards import resolved
from izcore.search.bodies import bodies_at_hand
from izcore.search.coordinates import (
    Values,
    balanced_cells,
    choose_values,
    complete,
    numbers_of,
)
from izcore.search.extent import cells_of_pool
from izcore.search.history import History
from izcore.search.locating import Located, locate
from izcore.search.refusals import Refusals
from izcore.search.repeats import warn_of_repeats
from izcore.storage.records import Proposal
from izcore.storage.store import Store

POOL_ROUND = -1
"""Stands for the round in which a pool is written, before all others."""


@dataclass(frozen=True)
class Proposer:
    """Proposes candidates: the surrogate suggests latents, and the generator writes instructions from them.

    ``coordinates`` are choices that complete an instruction: a latent has one number for each, behind those
    that the generator asks for. ``starting`` are the user's own instructions. ``refusals`` tell what is not
    worth a call, whichever generator wrote it; None where the run wants everything tried. ``repeats_remedy``
    is what people are told where the generator writes hardly anything that is new.
    """

    run_id: str
    config: RunConfig
    splits: Splits
    coordinates: Values
    starting: tuple[Candidate, ...]
    generator: Generator
    surrogate: Surrogate
    prepared: PrepareResult
    refusals: Refusals | None
    store: Store
    events: Events
    repeats_remedy: str = ""

    @property
    def latent_dim(self) -> int:
        """The dimension in which the surrogate searches."""
        return self.prepared.latent_dim + len(self.coordinates)

    async def write_pool(self) -> tuple[Candidate, ...]:
        """Write the instructions that the search shall choose among, once per run; some may repeat others."""
        proposal = self.store.proposal(self.run_id, POOL_ROUND)
        if proposal is None:
            # A run that starts where an earlier one ended shall not be offered the same pool again.
            earlier = [self.config.warm_start] if self.config.warm_start else []
            count, seed = self.config.search.pool, derive_seed(self.config.seed, "pool", *earlier)
            latents = sobol_latents(count, self.latent_dim, seed)
            self.events.emit(PhaseStarted(run_id=self.run_id, phase="pool", round=0, total=count))
            written = (await self._write(POOL_ROUND, latents, ())).whole.values()
            proposal = Proposal(candidates=tuple(written), exhausted=True)
            self.store.add_proposal(self.run_id, POOL_ROUND, proposal)
        return proposal.candidates

    async def propose(
        self,
        round_: int,
        left: int,
        history: History,
        pool: tuple[Candidate, ...] | None = None,
        examples: int = 0,
    ) -> Proposal:
        """Return the candidates of a round, at most ``left`` of them.

        ``examples`` is how many a candidate that is suggested again may see in the end; 0 where it may not.

        The surrogate suggests latents. With a ``pool``, which may hold repeats, each takes the nearest
        candidate that was not tried yet; without one the generator writes an instruction from each.
        A surrogate may also name a sentence at hand, which is completed with the latent's choices, and
        nothing is written.
        """
        design = self.config.search.initial - len(history)
        count = min(design if design > 0 else self.config.search.batch, left)
        untried: list[Candidate] = []
        if pool is not None:
            first = {candidate.guidance: candidate for candidate in reversed(pool)}
            distinct = [candidate for candidate in pool if first[candidate.guidance] is candidate]
            untried = [c for c in distinct if not c.refused and history.first_with(c) is None]
            count = min(count, len(untried))
        located = await self._locate(round_, tuple(history.trials))
        trials = located.trials
        placed = tuple(t for t in trials if len(t.candidate.latent) == self.latent_dim)
        known = (*(t.candidate for t in trials), *self.starting, *(pool or ()))
        crossing = cells_of_pool(self.generator, self.config, self.coordinates)
        count = math.ceil(count / crossing)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="suggest", round=round_, total=count))
        request = SuggestRequest(
            history=placed,
            count=count,
            latent_dim=self.latent_dim,
            seed=derive_seed(self.config.seed, "suggest", round_),
            initial=self.config.search.initial - (len(trials) - len(placed)),
            pool=tuple(untried),
            written=pool or (),
            coordinates=tuple(
                CoordinateChoices(name=name, values=tuple(value.name for value in values))
                for name, values in self.coordinates.items()
            ),
            bodies=bodies_at_hand(known, latent_dim=self.latent_dim, written_dim=self.prepared.latent_dim),
            unplaced=tuple(t for t in trials if len(t.candidate.latent) != self.latent_dim),
            examples=examples,
        )
        suggested = await resolved(self.surrogate.suggest(request))
        places = suggested.bodies or (None,) * len(suggested.latents)
        bodies = [None if place is None else request.bodies[place] for place in places]
        wanted = tuple(zip(suggested.latents, bodies, strict=True))
        if pool is not None:
            chosen = (
                self._complete_anew(body, latent) if body else _take_nearest(latent, untried)
                for latent, body in wanted
            )
            return Proposal(candidates=tuple(chosen), exhausted=not untried)
        if crossing > 1:
            wanted = tuple(
                (crossed, None) for latent in suggested.latents for crossed in self._crossed(latent, crossing)
            )
        new = [latent for latent, body in wanted if body is None]
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="generate", round=round_, total=len(new)))
        written = await self._write(round_, new, tuple(history.trials), located.state)
        found = (
            self._complete_anew(body, latent) if body else written.whole.get(latent)
            for latent, body in wanted
        )
        return Proposal(
            candidates=tuple(candidate for candidate in found if candidate), exhausted=written.exhausted
        )

    async def _locate(self, round_: int, trials: tuple[Trial, ...]) -> Located:
        """Ask the generator where the sentences tried so far lie."""
        request = LocateRequest(
            history=trials,
            demonstrations=self.splits.demonstrations,
            latent_dim=self.prepared.latent_dim,
            seed=derive_seed(self.config.seed, "locate", round_),
        )
        return await locate(self.generator, request, self.coordinates)

    async def _write(
        self,
        round_: int,
        latents: Sequence[Latent],
        trials: tuple[Trial, ...],
        located: str = "",
    ) -> "_Written":
        """Let the generator write a sentence from each latent, which the latent's last numbers complete.

        Latents that agree in the writer's numbers are written once.
        """
        distinct = tuple(dict.fromkeys(latent[: self.prepared.latent_dim] for latent in latents))
        if not distinct:
            return _Written({}, exhausted=False)
        request = GenerateRequest(
            latents=distinct,
            demonstrations=self.splits.demonstrations,
            seed=derive_seed(self.config.seed, "generate", round_),
            history=trials,
            validation=self.splits.validation,
            located=located,
        )
        generated = await resolved(self.generator.generate(request))
        name = self.config.generator.name
        warn_of_repeats(generated.candidates, trials, generator=name, remedy=self.repeats_remedy)
        sentences = dict(zip(distinct, map(self._judged, generated.candidates), strict=False))
        return _Written(
            {
                latent: self._whole(sentence, latent, place=latent)
                for latent in latents
                if (sentence := sentences.get(latent[: self.prepared.latent_dim]))
            },
            generated.exhausted,
        )

    def _crossed(self, latent: Latent, count: int) -> Iterator[Latent]:
        """Yield the latent with ``count`` combinations of choices in place of its own."""
        for cell in balanced_cells(self.coordinates, count):
            numbers = numbers_of(self.coordinates, [(name, value.name) for name, value in cell.items()])
            yield (*latent[: self.prepared.latent_dim], *(numbers or ()))

    def _judged(self, candidate: Candidate) -> Candidate:
        """Return what a generator wrote with the reason for which it is refused, if there is one."""
        if self.refusals is None or candidate.writer == USER:
            return candidate
        return msgspec.structs.replace(candidate, refused=self.refusals.why(candidate.instruction))

    def _complete_anew(self, body: Candidate, latent: Latent) -> Candidate:
        """Return a sentence at hand with the choices of a latent, at a place if the sentence has one."""
        place = (*body.latent, *latent[self.prepared.latent_dim :]) if body.latent else ()
        return self._whole(body, latent, place=place)

    def _whole(self, candidate: Candidate, latent: Latent, *, place: Latent) -> Candidate:
        """Return a sentence with the choices that a latent's last numbers stand for, at a place."""
        if not self.coordinates:
            return candidate
        chosen = choose_values(self.coordinates, latent[self.prepared.latent_dim :])
        return msgspec.structs.replace(complete(candidate, chosen), latent=place)


@dataclass(frozen=True)
class _Written:
    """What was written from latents: a candidate from each, as far as the generator had any."""

    whole: Mapping[Latent, Candidate]
    exhausted: bool


def _take_nearest(latent: Latent, untried: list[Candidate]) -> Candidate:
    """Remove and return the candidate whose latent is nearest; of equals the first."""
    nearest = min(range(len(untried)), key=lambda place: math.dist(latent, untried[place].latent))
    return untried.pop(nearest)
