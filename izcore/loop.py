"""The search loop: suggest latents, write instructions, score the new ones, keep every trial."""

import asyncio
import contextlib
import itertools
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from izcore.config import RunConfig
from izcore.errors import BackendError, BudgetExhaustedError, IzError
from izcore.evaluation import Evaluation, Evaluator, resolved
from izcore.events import Events
from izcore.history import History
from izcore.policies import judge
from izcore.protocols import Generator, Surrogate
from izcore.records import (
    Candidate,
    GenerateRequest,
    GenerateResult,
    Latent,
    PhaseStarted,
    PrepareResult,
    Splits,
    SuggestRequest,
    Trial,
    TrialFinished,
)
from izcore.seeds import derive_seed, sobol_latents
from izcore.store import Proposal, Store

T = TypeVar("T")

POOL_ROUND = -1
"""Stands for the round in which a pool is written, before all others."""


@dataclass(frozen=True)
class Search:
    """The parts of one search; the store holds its state. ``carried`` are candidates of an earlier run."""

    run_id: str
    config: RunConfig
    splits: Splits
    carried: tuple[Candidate, ...]
    generator: Generator
    surrogate: Surrogate
    prepared: PrepareResult
    evaluator: Evaluator
    store: Store
    events: Events

    async def run(self) -> History:
        """Search until all latents are tried, the generator has no more, or the budget is used up.

        Picks up where the store says that it stood.
        """
        with contextlib.suppress(BudgetExhaustedError):  # the first new trial will say so again
            await self.score_what_had_failed()
        history = History(self.store.trials(self.run_id))
        pool = await self.write_pool() if self.config.search.pool else None
        proposed, total = 0, trials_in_all(self.generator, self.config, self.carried)
        for round_ in itertools.count():
            try:
                proposal = self.store.proposal(self.run_id, round_)
                if proposal is None:
                    if round_ == 0 and self.carried:
                        proposal = Proposal(candidates=self.carried, exhausted=False)
                    else:
                        proposal = await self.propose(round_, total - len(history), history, pool)
                    self.store.add_proposal(self.run_id, round_, proposal)
                await self.score(round_, proposed, proposal, history)
            except BudgetExhaustedError as error:
                history.cut_short = error.message
                return history
            proposed += len(proposal.candidates)
            if proposal.exhausted or proposed >= total:
                return history
        raise AssertionError("rounds are counted without end")

    async def write_pool(self) -> tuple[Candidate, ...]:
        """Write the distinct instructions that the search shall choose among, once per run."""
        proposal = self.store.proposal(self.run_id, POOL_ROUND)
        if proposal is None:
            # A run that starts where an earlier one ended shall not be offered the same pool again.
            earlier = [self.config.warm_start] if self.config.warm_start else []
            count, seed = self.config.search.pool, derive_seed(self.config.seed, "pool", *earlier)
            latents = sobol_latents(count, self.prepared.latent_dim, seed)
            self.events.emit(PhaseStarted(run_id=self.run_id, phase="pool", round=0, total=count))
            generated = await self.write(POOL_ROUND, latents, ())
            first = {c.instruction: c for c in reversed(generated.candidates)}
            distinct = tuple(c for c in generated.candidates if first[c.instruction] is c)
            proposal = Proposal(candidates=distinct, exhausted=True)
            self.store.add_proposal(self.run_id, POOL_ROUND, proposal)
        return proposal.candidates

    async def propose(
        self, round_: int, left: int, history: History, pool: tuple[Candidate, ...] | None = None
    ) -> Proposal:
        """Let the surrogate suggest at most ``left`` latents, and take what the pool holds there or the
        generator writes.

        Trials without a latent come from another generator, and a surrogate learns nothing from them.
        """
        design = self.config.search.initial - len(history)
        count = min(design if design > 0 else self.config.search.batch, left)
        untried: list[Candidate] = []
        if pool is not None:
            untried = [c for c in pool if history.first_with(c.instruction) is None]
            count = min(count, len(untried))
        trials = tuple(history.trials)
        placed = tuple(t for t in trials if len(t.candidate.latent) == self.prepared.latent_dim)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="suggest", round=round_, total=count))
        suggestion = await working(
            "surrogate",
            lambda: self.surrogate.suggest(
                SuggestRequest(
                    history=placed,
                    count=count,
                    latent_dim=self.prepared.latent_dim,
                    seed=derive_seed(self.config.seed, "suggest", round_),
                    initial=self.config.search.initial - (len(trials) - len(placed)),
                    pool=tuple(untried),
                )
            ),
        )
        suggested = suggestion.latents
        if len(suggested) != count or any(len(latent) != self.prepared.latent_dim for latent in suggested):
            raise BackendError(
                f"The surrogate was asked for {count} latents of {self.prepared.latent_dim} numbers "
                f"and gave {len(suggested)}, or of another length.",
                hint="This is a fault of the surrogate's plugin; the run is kept.",
            )
        if pool is not None:
            chosen = tuple(_take_nearest(latent, untried) for latent in suggested)
            return Proposal(candidates=chosen, exhausted=not untried)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="generate", round=round_, total=count))
        generated = await self.write(round_, suggested, trials)
        return Proposal(candidates=generated.candidates, exhausted=generated.exhausted)

    async def write(
        self, round_: int, latents: tuple[Latent, ...], trials: tuple[Trial, ...]
    ) -> GenerateResult:
        """Let the generator write an instruction from each latent."""
        count = len(latents)
        generated = await working(
            "generator",
            lambda: self.generator.generate(
                GenerateRequest(
                    latents=latents,
                    demonstrations=self.splits.demonstrations,
                    seed=derive_seed(self.config.seed, "generate", round_),
                    history=trials,
                )
            ),
        )
        if len(generated.candidates) != count and not generated.exhausted:
            raise BackendError(
                f"The generator wrote {len(generated.candidates)} instructions from {count} latents.",
                hint="This is a fault of the generator's plugin; the run is kept.",
            )
        return generated

    async def score(self, round_: int, start: int, proposal: Proposal, history: History) -> None:
        """Score the round's new instructions, all at once, and append its trials in order.

        Many latents write the same sentence: it is paid for once, and later trials reuse its scores.
        """
        unscored = proposal.candidates[len(history) - start :]
        fresh = [c for c in unscored if history.first_with(c.instruction) is None]
        texts = list(dict.fromkeys(candidate.instruction for candidate in fresh))
        total = len(texts) * len(self.splits.validation)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="evaluate", round=round_, total=total))
        # What an earlier run has scored costs nothing, and is the measure for all that follow.
        carried = round_ == 0 and self.carried
        if self.config.evaluation.policy != "full" and not carried:
            await self.judge(round_, texts, unscored, history)
            return
        evaluations = {
            text: asyncio.create_task(self.evaluator.evaluate(text, self.splits.validation)) for text in texts
        }
        try:
            for candidate in unscored:
                if history.first_with(candidate.instruction) is None:
                    self.add(round_, candidate, await evaluations[candidate.instruction], history)
                else:
                    self.add(round_, candidate, None, history)
        except IzError as error:
            if not isinstance(error, BudgetExhaustedError):
                self.evaluator.stop(error)
            await asyncio.gather(*evaluations.values(), return_exceptions=True)
            raise

    async def judge(
        self, round_: int, texts: Sequence[str], unscored: Sequence[Candidate], history: History
    ) -> None:
        """Score a round's instructions in comparisons; those that left early keep what they have."""
        judged = await judge(
            texts,
            self.splits.validation,
            self.evaluator,
            self.config.evaluation,
            self.config.objective,
            history.best,
        )
        for candidate in unscored:
            evaluation = judged.evaluations.get(candidate.instruction)
            if evaluation is None and history.first_with(candidate.instruction) is None:
                break  # the budget had no room for it, and trials stand in their order
            self.add(round_, candidate, evaluation, history)
        if judged.stopped:
            raise judged.stopped

    async def compare_finalists(self, history: History) -> History:
        """Score the best instructions on the retest examples too; return the history with that.

        The winner of many noisy means looks better than it is; on fresh examples the finalists are equal
        again. Either all finalists are scored or none counts, so that nobody wins by lack of a test.
        """
        finalists = history.finalists(self.config.evaluation.finalists)
        if not self.splits.retest or len(finalists) < 2:
            return history
        total = len(finalists) * len(self.splits.retest)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="retest", round=0, total=total))
        examples = (*self.splits.validation, *self.splits.retest)
        try:
            evaluations = await asyncio.gather(
                *(self.evaluator.evaluate(trial.candidate.instruction, examples) for trial in finalists)
            )
        except BudgetExhaustedError as error:
            history.cut_short = history.cut_short or error.message
            return history
        self.store.replace_trials(
            self.run_id,
            [
                self.scored(trial.index, trial.round, trial.candidate, evaluation)
                for trial, evaluation in zip(finalists, evaluations, strict=True)
            ],
        )
        compared = History(self.store.trials(self.run_id))
        compared.cut_short = history.cut_short
        return compared

    def add(self, round_: int, candidate: Candidate, evaluation: Evaluation | None, history: History) -> None:
        """Append a trial with its evaluation, or with that of an earlier trial of the same instruction."""
        index, earlier = len(history), history.first_with(candidate.instruction)
        if earlier is not None:
            trial = _reused(index, round_, candidate, earlier)
        else:
            assert evaluation is not None
            trial = self.scored(index, round_, candidate, evaluation)
        self.store.add_trials(self.run_id, [trial])
        history.append(trial)
        self.events.emit(TrialFinished(run_id=self.run_id, trial=trial, best=history.best))

    def scored(self, index: int, round_: int, candidate: Candidate, evaluation: Evaluation) -> Trial:
        """Return the trial that an evaluation makes of a candidate."""
        length = len(candidate.instruction)
        return Trial(
            index=index,
            round=round_,
            candidate=candidate,
            scores=evaluation.scores,
            answers=evaluation.answers,
            finishes=evaluation.finishes,
            calls=evaluation.calls,
            cached_calls=evaluation.cached_calls,
            usage=evaluation.usage,
            cost_usd=evaluation.cost_usd,
            penalty=self.config.objective.penalty(length, evaluation.answer_cost_usd),
        )

    async def score_what_had_failed(self) -> None:
        """Ask again for what failed for good before this run was resumed, so that no trial lacks evidence."""
        trials = self.store.trials(self.run_id)
        for trial in trials:
            if None in trial.scores and trial.reused is None:
                asked = (*self.splits.validation, *self.splits.retest)[: len(trial.scores)]
                evaluation = await self.evaluator.evaluate(trial.candidate.instruction, asked)
                mended = self.scored(trial.index, trial.round, trial.candidate, evaluation)
                copies = [t for t in trials if t.reused == trial.index]
                self.store.replace_trials(
                    self.run_id, [mended, *(_reused(t.index, t.round, t.candidate, mended) for t in copies)]
                )


def trials_in_all(generator: Generator, config: RunConfig, carried: Sequence[Candidate]) -> int:
    """Return how many trials a search makes: for as many latents as wanted, or for a finite pool."""
    size = generator.pool_size()
    return size + len(carried) if size else config.search.total


def _reused(index: int, round_: int, candidate: Candidate, earlier: Trial) -> Trial:
    return Trial(
        index=index,
        round=round_,
        candidate=candidate,
        scores=earlier.scores,
        answers=earlier.answers,
        finishes=earlier.finishes,
        reused=earlier.index,
        penalty=earlier.penalty,
    )


def _take_nearest(latent: Latent, untried: list[Candidate]) -> Candidate:
    """Remove and return the candidate whose latent is nearest; of equals the first."""
    nearest = min(range(len(untried)), key=lambda place: math.dist(latent, untried[place].latent))
    return untried.pop(nearest)


async def working(what: str, work: Callable[[], T | Awaitable[T]]) -> T:
    """Let a plugin's part do its work; what it raises that is no error for people names the part."""
    try:
        return await resolved(work())
    except IzError:
        raise
    except Exception as error:
        raise BackendError(
            f"The {what} failed: {type(error).__name__}: {error}",
            hint=f"The run is kept; this is a fault of the {what}'s plugin.",
        ) from error
