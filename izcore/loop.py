"""The search loop: suggest latents, write instructions, score the new ones, keep every trial."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from izcore.config import RunConfig
from izcore.errors import BackendError, BudgetExhaustedError, IzError
from izcore.evaluation import Evaluation, Evaluator
from izcore.events import Events
from izcore.protocols import Generator, Surrogate
from izcore.records import (
    Candidate,
    GenerateRequest,
    PhaseStarted,
    PrepareResult,
    Splits,
    SuggestRequest,
    Trial,
    TrialFinished,
)
from izcore.seeds import derive_seed
from izcore.store import Proposal, Store

T = TypeVar("T")


@dataclass(frozen=True)
class Search:
    """The parts of one search; the store holds its state."""

    run_id: str
    config: RunConfig
    splits: Splits
    generator: Generator
    surrogate: Surrogate
    prepared: PrepareResult
    evaluator: Evaluator
    store: Store
    events: Events

    @property
    def total(self) -> int:
        """The number of latents to try, or of instructions where that is finite."""
        return self.generator.pool_size() or self.config.search.total

    async def run(self) -> None:
        """Search until all latents are tried or the generator has no more; BudgetExhaustedError ends it too.

        Picks up where the store says that it stood.
        """
        history = self.store.trials(self.run_id)
        proposed = 0
        for round_ in itertools.count():
            proposal = self.store.proposal(self.run_id, round_)
            if proposal is None:
                proposal = self.propose(round_, history)
                self.store.add_proposal(self.run_id, round_, proposal)
            await self.score(round_, proposed, proposal, history)
            proposed += len(proposal.candidates)
            if proposal.exhausted or proposed >= self.total:
                return

    def propose(self, round_: int, history: Sequence[Trial]) -> Proposal:
        """Let the surrogate suggest latents and the generator write an instruction from each."""
        size = self.config.search.initial if round_ == 0 else self.config.search.batch
        count = min(size, self.total - len(history))
        trials = tuple(history)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="suggest", round=round_, total=count))
        suggested = _working(
            "surrogate",
            lambda: self.surrogate.suggest(
                SuggestRequest(
                    history=trials,
                    count=count,
                    latent_dim=self.prepared.latent_dim,
                    seed=derive_seed(self.config.seed, "suggest", round_),
                    initial=self.config.search.initial,
                )
            ),
        ).latents
        if len(suggested) != count or any(len(latent) != self.prepared.latent_dim for latent in suggested):
            raise BackendError(
                f"The surrogate was asked for {count} latents of {self.prepared.latent_dim} numbers "
                f"and gave {len(suggested)}, or of another length.",
                hint="This is a fault of the surrogate's plugin; the run is kept.",
            )
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="generate", round=round_, total=count))
        generated = _working(
            "generator",
            lambda: self.generator.generate(
                GenerateRequest(
                    latents=suggested,
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
        return Proposal(candidates=generated.candidates, exhausted=generated.exhausted)

    async def score(self, round_: int, start: int, proposal: Proposal, history: list[Trial]) -> None:
        """Score the round's new instructions, all at once, and append its trials in order.

        Many latents write the same sentence: it is paid for once, and later trials reuse its scores.
        """
        first_trial = {t.candidate.instruction: t.index for t in history if t.reused is None}
        waiting: dict[str, asyncio.Task[Evaluation]] = {}
        unscored = list(enumerate(proposal.candidates, start))[len(history) - start :]
        fresh = {c.instruction for _, c in unscored} - first_trial.keys()
        total = len(fresh) * len(self.splits.validation)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="evaluate", round=round_, total=total))
        for _, candidate in unscored:
            if candidate.instruction in fresh and candidate.instruction not in waiting:
                evaluation = self.evaluator.evaluate(candidate.instruction, self.splits.validation)
                waiting[candidate.instruction] = asyncio.create_task(evaluation)
        best = best_trial(history)
        try:
            for index, candidate in unscored:
                earlier = first_trial.get(candidate.instruction)
                if earlier is None:
                    trial = _scored(index, round_, candidate, await waiting[candidate.instruction])
                    first_trial[candidate.instruction] = index
                else:
                    trial = _reused(index, round_, candidate, history[earlier])
                self.store.add_trials(self.run_id, [trial])
                history.append(trial)
                best = best_trial([t for t in (best, trial) if t])
                self.events.emit(TrialFinished(run_id=self.run_id, trial=trial, best=best))
        except BudgetExhaustedError:
            await asyncio.gather(*waiting.values(), return_exceptions=True)
            raise
        except IzError as error:
            self.evaluator.stop(error)
            await asyncio.gather(*waiting.values(), return_exceptions=True)
            raise


def best_trial(trials: Sequence[Trial]) -> Trial | None:
    """Return the trial with the best mean among those without a failed call.

    Between equals the shorter instruction wins, since it is cheaper to use, then the earlier one.
    """
    complete = [t for t in trials if t.scores and None not in t.scores]
    if not complete:
        return None
    return min(complete, key=lambda t: (-(t.mean or 0.0), len(t.candidate.instruction), t.index))


def _scored(index: int, round_: int, candidate: Candidate, evaluation: Evaluation) -> Trial:
    return Trial(
        index=index,
        round=round_,
        candidate=candidate,
        scores=evaluation.scores,
        answers=evaluation.answers,
        calls=evaluation.calls,
        cached_calls=evaluation.cached_calls,
        usage=evaluation.usage,
        cost_usd=evaluation.cost_usd,
    )


def _reused(index: int, round_: int, candidate: Candidate, earlier: Trial) -> Trial:
    return Trial(
        index=index,
        round=round_,
        candidate=candidate,
        scores=earlier.scores,
        answers=earlier.answers,
        reused=earlier.index,
    )


def _working(what: str, work: Callable[[], T]) -> T:
    try:
        return work()
    except IzError:
        raise
    except Exception as error:
        raise BackendError(
            f"The {what} failed: {type(error).__name__}: {error}",
            hint=f"The run is kept; this is a fault of the {what}'s plugin.",
        ) from error
