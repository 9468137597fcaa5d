"""The search loop: suggest latents, write instructions, score the new ones, keep every trial."""

import asyncio
import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from izcore.config.schema import EvaluationPolicy, RunConfig
from izcore.plugin.errors import BudgetExhaustedError, IzError
from izcore.plugin.events import PhaseStarted, TrialFinished
from izcore.plugin.records import Candidate, Guidance, Splits, Trial
from izcore.registry.event_dispatch import Events
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.search.evaluation_policies import Judged, judge
from izcore.search.history import History
from izcore.search.proposer import Proposer, trials_in_all
from izcore.storage.records import Proposal
from izcore.storage.store import Store


@dataclass(frozen=True)
class Search:
    """The parts of one search; the store holds its state. ``carried`` are candidates of an earlier run."""

    run_id: str
    config: RunConfig
    splits: Splits
    carried: tuple[Candidate, ...]
    proposer: Proposer
    evaluator: Evaluator
    store: Store
    events: Events

    @property
    def trials_in_all(self) -> int:
        """How many trials the search makes, if nothing ends it sooner."""
        return trials_in_all(self.proposer.generator, self.config, self.carried)

    async def run(self) -> History:
        """Search until all latents are tried, the generator has no more, or the budget is used up.

        Picks up where the store says that it stood.
        """
        with contextlib.suppress(BudgetExhaustedError):  # the first new trial will say so again
            await self.score_what_had_failed()
        history = History(self.store.trials(self.run_id))
        pool = await self.proposer.write_pool() if self.config.search.pool else None
        proposed, total = 0, self.trials_in_all
        for round_ in itertools.count():
            try:
                proposal = self.store.proposal(self.run_id, round_)
                if proposal is None:
                    if round_ == 0 and self.carried:
                        proposal = Proposal(candidates=self.carried, exhausted=False)
                    else:
                        proposal = await self.proposer.propose(round_, total - len(history), history, pool)
                    self.store.add_proposal(self.run_id, round_, proposal)
                await self.score(round_, proposed, proposal, history)
            except BudgetExhaustedError as error:
                history.cut_short = error.message
                return history
            proposed += len(proposal.candidates)
            if proposal.exhausted or proposed >= total:
                return history
        raise AssertionError("rounds are counted without end")

    async def score(self, round_: int, start: int, proposal: Proposal, history: History) -> None:
        """Score the round's new instructions, all at once, and append its trials in order.

        Many latents write the same sentence: it is paid for once, and later trials reuse its scores.
        """
        unscored = proposal.candidates[len(history) - start :]
        fresh = [c for c in unscored if history.first_with(c) is None]
        guidances = list(dict.fromkeys(candidate.guidance for candidate in fresh))
        total = len(guidances) * len(self.splits.validation)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="evaluate", round=round_, total=total))
        if self.policy_of(round_).policy != "full":
            await self.judge(round_, guidances, unscored, history)
            return
        evaluations = {
            each: asyncio.create_task(self.evaluator.evaluate(each, self.splits.validation))
            for each in guidances
        }
        try:
            for candidate in unscored:
                if history.first_with(candidate) is None:
                    self.add(round_, candidate, await evaluations[candidate.guidance], history)
                else:
                    self.add(round_, candidate, None, history)
        except IzError as error:
            if not isinstance(error, BudgetExhaustedError):
                self.evaluator.stop(error)
            await asyncio.gather(*evaluations.values(), return_exceptions=True)
            raise

    async def judge(
        self, round_: int, guidances: Sequence[Guidance], unscored: Sequence[Candidate], history: History
    ) -> None:
        """Score a round's instructions in comparisons; those that left early keep what they have.

        Its trials are kept all at once: one that is resumed must not compare the rest among themselves.
        """
        judged = await self.compared(round_, guidances, history)
        trials: list[Trial] = []
        for candidate in unscored:
            evaluation = judged.evaluations.get(candidate.guidance)
            if evaluation is None and history.first_with(candidate) is None:
                break  # the budget had no room for it, and trials stand in their order
            trials.append(self.trial(round_, candidate, evaluation, history))
            history.append(trials[-1])
        self.keep(trials, history)
        if judged.stopped:
            raise judged.stopped

    async def compared(self, round_: int, guidances: Sequence[Guidance], before: History) -> Judged:
        """Compare a round's instructions on validation examples, given the trials ``before`` it."""
        return await judge(
            guidances,
            self.splits.validation,
            self.evaluator,
            self.policy_of(round_),
            self.config.objective,
            searched=self.trials_in_all,
            incumbent=before.best,
        )

    def policy_of(self, round_: int) -> EvaluationPolicy:
        """Return how a round is judged.

        What an earlier run has scored costs nothing, and is the measure for all that follow: it sees all.
        """
        return EvaluationPolicy() if round_ == 0 and self.carried else self.config.evaluation

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
                *(self.evaluator.evaluate(trial.candidate.guidance, examples) for trial in finalists)
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
        trial = self.trial(round_, candidate, evaluation, history)
        history.append(trial)
        self.keep([trial], history)

    def trial(
        self, round_: int, candidate: Candidate, evaluation: Evaluation | None, history: History
    ) -> Trial:
        """Return the next trial after ``history``."""
        index, earlier = len(history), history.first_with(candidate)
        if earlier is not None:
            return _reused(index, round_, candidate, earlier)
        assert evaluation is not None
        return self.scored(index, round_, candidate, evaluation)

    def keep(self, trials: Sequence[Trial], history: History) -> None:
        """Write trials to the disk, all or none, and tell observers, who hear of the best in ``history``."""
        self.store.add_trials(self.run_id, trials)
        for trial in trials:
            self.events.emit(TrialFinished(run_id=self.run_id, trial=trial, best=history.best))

    def scored(self, index: int, round_: int, candidate: Candidate, evaluation: Evaluation) -> Trial:
        """Return the trial that an evaluation makes of a candidate."""
        length = candidate.guidance.length
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
        """Judge again the rounds in which calls had failed for good before this run was resumed.

        What was answered then costs nothing now, and no instruction leaves for the lack of an answer.
        """
        trials = self.store.trials(self.run_id)
        for round_ in sorted({trial.round for trial in trials if None in trial.scores}):
            own = [trial for trial in trials if trial.round == round_ and trial.reused is None]
            before = History([trial for trial in trials if trial.round < round_])
            judged = await self.compared(round_, [trial.candidate.guidance for trial in own], before)
            for trial in own:
                evaluation = judged.evaluations.get(trial.candidate.guidance)
                if evaluation is not None:
                    mended = self.scored(trial.index, round_, trial.candidate, evaluation)
                    copies = [t for t in trials if t.reused == trial.index]
                    self.store.replace_trials(
                        self.run_id,
                        [mended, *(_reused(t.index, t.round, t.candidate, mended) for t in copies)],
                    )
            if judged.stopped:
                raise judged.stopped


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
