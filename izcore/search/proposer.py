"""What is tried next: latents from the surrogate, instructions from the generator, or from a pool of them."""

import itertools
import math
from dataclasses import dataclass

import msgspec

from izcore.config.schema import RunConfig
from izcore.plugin.events import PhaseStarted
from izcore.plugin.examples import Splits
from izcore.plugin.protocols import Generator, Surrogate
from izcore.plugin.seeds import derive_seed, sobol_latents
from izcore.plugin.trials import (
    Candidate,
    GenerateRequest,
    GenerateResult,
    Latent,
    PrepareResult,
    SuggestRequest,
    Trial,
)
from izcore.registry.event_dispatch import Events
from izcore.registry.guards import resolved
from izcore.search.coordinates import Values, choose_values, complete
from izcore.search.exemplars import Exemplars, choose_set
from izcore.search.history import History
from izcore.search.repeats import warn_of_repeats
from izcore.storage.records import Proposal, RunPlan
from izcore.storage.store import Store

POOL_ROUND = -1
"""Stands for the round in which a pool is written, before all others."""


@dataclass(frozen=True)
class Proposer:
    """Proposes candidates: the surrogate suggests latents, and the generator writes instructions from them.

    ``coordinates`` are choices that complete an instruction: a latent has one number for each, behind those
    that the generator asks for. ``exemplar_sets`` are the sets of solved examples that a few-shot search
    chooses among; if there are several, a latent's last number chooses the set. ``repeats_remedy`` is what
    people are told where the generator writes hardly anything that is new.
    """

    run_id: str
    config: RunConfig
    splits: Splits
    coordinates: Values
    exemplar_sets: tuple[Exemplars, ...]
    generator: Generator
    surrogate: Surrogate
    prepared: PrepareResult
    store: Store
    events: Events
    repeats_remedy: str = ""

    @property
    def latent_dim(self) -> int:
        """The dimension in which the surrogate searches."""
        return self.prepared.latent_dim + len(self.coordinates) + (len(self.exemplar_sets) > 1)

    async def write_pool(self) -> tuple[Candidate, ...]:
        """Write the distinct instructions that the search shall choose among, once per run."""
        proposal = self.store.proposal(self.run_id, POOL_ROUND)
        if proposal is None:
            # A run that starts where an earlier one ended shall not be offered the same pool again.
            earlier = [self.config.warm_start] if self.config.warm_start else []
            count, seed = self.config.search.pool, derive_seed(self.config.seed, "pool", *earlier)
            latents = sobol_latents(count, self.latent_dim, seed)
            self.events.emit(PhaseStarted(run_id=self.run_id, phase="pool", round=0, total=count))
            generated = await self.write(POOL_ROUND, latents, ())
            first = {c.guidance: c for c in reversed(generated.candidates)}
            distinct = tuple(c for c in generated.candidates if first[c.guidance] is c)
            proposal = Proposal(candidates=distinct, exhausted=True)
            self.store.add_proposal(self.run_id, POOL_ROUND, proposal)
        return proposal.candidates

    async def propose(
        self, round_: int, left: int, history: History, pool: tuple[Candidate, ...] | None = None
    ) -> Proposal:
        """Return the candidates of a round, at most ``left`` of them.

        The surrogate suggests latents. With a ``pool`` each of them takes the nearest candidate of the pool
        that was not tried yet; without one the generator writes an instruction from each. The surrogate is
        not shown trials without a latent: another generator wrote them, and it could learn nothing from them.
        """
        design = self.config.search.initial - len(history)
        count = min(design if design > 0 else self.config.search.batch, left)
        untried: list[Candidate] = []
        if pool is not None:
            untried = [c for c in pool if history.first_with(c) is None]
            count = min(count, len(untried))
        trials = tuple(history.trials)
        placed = tuple(t for t in trials if len(t.candidate.latent) == self.latent_dim)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="suggest", round=round_, total=count))
        request = SuggestRequest(
            history=placed,
            count=count,
            latent_dim=self.latent_dim,
            seed=derive_seed(self.config.seed, "suggest", round_),
            initial=self.config.search.initial - (len(trials) - len(placed)),
            pool=tuple(untried),
        )
        suggested = (await resolved(self.surrogate.suggest(request))).latents
        if pool is not None:
            chosen = tuple(_take_nearest(latent, untried) for latent in suggested)
            return Proposal(candidates=chosen, exhausted=not untried)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="generate", round=round_, total=count))
        generated = await self.write(round_, suggested, trials)
        return Proposal(candidates=generated.candidates, exhausted=generated.exhausted)

    async def write(
        self, round_: int, latents: tuple[Latent, ...], trials: tuple[Trial, ...]
    ) -> GenerateResult:
        """Let the generator write an instruction from each latent, which then is completed."""
        request = GenerateRequest(
            latents=tuple(latent[: self.prepared.latent_dim] for latent in latents),
            demonstrations=self.splits.demonstrations,
            seed=derive_seed(self.config.seed, "generate", round_),
            history=trials,
        )
        generated = await resolved(self.generator.generate(request))
        name = self.config.generator.name
        warn_of_repeats(generated.candidates, trials, generator=name, remedy=self.repeats_remedy)
        written = zip(generated.candidates, latents, strict=False)
        return msgspec.structs.replace(generated, candidates=tuple(itertools.starmap(self._whole, written)))

    def _whole(self, candidate: Candidate, latent: Latent) -> Candidate:
        """Return what a whole latent stands for, of which the generator was shown the first numbers."""
        written = self.prepared.latent_dim
        numbers = latent[written : written + len(self.coordinates)]
        if numbers:
            chosen = choose_values(self.coordinates, numbers)
            candidate = msgspec.structs.replace(complete(candidate, chosen), latent=latent)
        if len(self.exemplar_sets) > 1:
            exemplars = choose_set(self.exemplar_sets, latent[-1])
            candidate = msgspec.structs.replace(candidate, latent=latent, exemplars=exemplars)
        return candidate


def _take_nearest(latent: Latent, untried: list[Candidate]) -> Candidate:
    """Remove and return the candidate whose latent is nearest; of equals the first."""
    nearest = min(range(len(untried)), key=lambda place: math.dist(latent, untried[place].latent))
    return untried.pop(nearest)


def trials_in_all(generator: Generator, config: RunConfig, plan: RunPlan) -> int:
    """Return how many trials a search makes: for as many latents as wanted, or for a finite pool.

    The user's own instructions come on top.
    """
    size = generator.pool_size()
    return len(plan.starting) + (size + len(plan.carried) if size else config.search.total)
