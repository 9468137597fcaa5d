"""The search loop: suggest latents, write instructions, score the new ones, keep every trial."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from izcore.config.schema import RunConfig
from izcore.plugin.errors import BudgetExhaustedError
from izcore.plugin.events import PhaseStarted, TrialFinished
from izcore.plugin.examples import Splits
from izcore.plugin.trials import Candidate, Guidance, Trial
from izcore.registry.event_dispatch import Events
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.search.history import History
from izcore.search.proposer import Proposer
from izcore.search.rounds import RoundEvaluator
from izcore.search.rungs import reach_of
from izcore.search.stop_rules import StopRules
from izcore.search.trials import refused_trial, reusing_trial, scored_trial
from izcore.storage.records import Proposal
from izcore.storage.store import Store


@dataclass(frozen=True)
class SearchOutcome:
    """What a search came to: its trials, and why it did not go on to its end; both are empty if it did.

    ``stopped`` says what kept it from going on, ``ended`` which of its own rules ended it.
    """

    history: History
    stopped: str = ""
    ended: str = ""


@dataclass(frozen=True)
class Search:
    """The parts of one search; the store holds its state.

    ``carried`` are candidates of an earlier run. The user's own join the first round that is paid for.

    ``trials_in_all`` is how many trials the search makes, if nothing ends it sooner. ``look`` is shown the
    trials at the end of the first round that is paid for, and may raise what stops the run.
    """

    run_id: str
    config: RunConfig
    splits: Splits
    carried: tuple[Candidate, ...]
    trials_in_all: int
    proposer: Proposer
    evaluator: Evaluator
    rounds: RoundEvaluator
    store: Store
    events: Events
    rules: StopRules
    look: Callable[[Sequence[Trial]], None]

    async def run(self) -> SearchOutcome:
        """Search until all latents are tried, a rule ends it, or generator or budget have no more.

        The search goes on from where the store says that it stood.
        """
        with contextlib.suppress(BudgetExhaustedError):  # the first new trial will say so again
            await self._mend_failed_rounds()
        history = self._read_history()
        pool = await self.proposer.write_pool() if self.config.search.pool else None
        proposed = 0
        for round_ in itertools.count():
            try:
                proposal = await self._proposal(round_, history, pool)
                await self._score_round(round_, proposal.candidates[len(history) - proposed :], history)
            except BudgetExhaustedError as error:
                return SearchOutcome(history, stopped=error.message)
            proposed += len(proposal.candidates)
            if round_ == self._first_paid:
                self.look(history.trials)
            if proposal.exhausted or proposed >= self.trials_in_all:
                break
            if ended := proposal.ended or self._end(round_, history):
                return SearchOutcome(history, ended=ended)
        return SearchOutcome(history)

    def _end(self, round_: int, history: History) -> str:
        """Return why a rule ends the search after this round, and keep that; empty if none does.

        Where the next round is there already, it was decided then that there shall be one.
        """
        if round_ < self._first_paid or self.store.proposal(self.run_id, round_ + 1) is not None:
            return ""
        reason = self.rules.why(history, round_)
        if reason:
            self.store.end_after(self.run_id, round_, reason)
        return reason

    @property
    def _first_paid(self) -> int:
        """The first round that is paid for: what an earlier run has scored is a round of its own."""
        return 1 if self.carried else 0

    async def compare_finalists(self, outcome: SearchOutcome) -> SearchOutcome:
        """Score the best instructions on the retest examples too; return the outcome with that.

        The winner of many noisy means looks better than it is; on fresh examples the finalists are equal
        again. Either all finalists are scored or none counts, so that nobody wins by lack of a test. The
        best of the user's own instructions is among them. A lone one is compared with nobody, and its score
        on fresh examples alone is the one to believe.
        """
        own = {candidate.guidance for candidate in self.proposer.starting}
        unequal = self.rounds.rungs_of(0).advance is not None
        finalists = outcome.history.finalists(self.config.evaluation.finalists, own, unequal=unequal)
        if not finalists or not (self.splits.retest or (unequal and len(finalists) > 1)):
            return outcome
        total = len(finalists) * len(self.splits.retest)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="retest", round=0, total=total))
        examples = (*self.splits.validation, *self.splits.retest)
        try:
            evaluations = await asyncio.gather(
                *(self.evaluator.evaluate(trial.candidate.guidance, examples) for trial in finalists)
            )
        except BudgetExhaustedError as error:
            return replace(outcome, stopped=outcome.stopped or error.message)
        retested = [
            scored_trial(trial.index, trial.round, trial.candidate, evaluation, self.config.objective)
            for trial, evaluation in zip(finalists, evaluations, strict=True)
        ]
        self.evaluator.check_evidence("retest", self.splits.retest)
        self.store.replace_trials(self.run_id, retested)
        return replace(outcome, history=self._read_history())

    async def _proposal(self, round_: int, history: History, pool: tuple[Candidate, ...] | None) -> Proposal:
        """Return the candidates of a round: fixed before this process, or proposed and fixed now."""
        proposal = self.store.proposal(self.run_id, round_)
        if proposal is None:
            if round_ == 0 and self.carried:
                proposal = Proposal(candidates=self.carried, exhausted=False)
            else:
                first = self.proposer.starting if round_ == self._first_paid else ()
                left = self.trials_in_all - len(history) - len(first)
                rungs = self.rounds.rungs_of(self._compared_round(round_))
                left = left if rungs.instructions is None else min(left, rungs.instructions)
                examples = len(self.splits.validation) if rungs.advance else 0
                proposal = await self.proposer.propose(round_, left, history, pool, examples)
                proposal = msgspec.structs.replace(proposal, candidates=(*first, *proposal.candidates))
            self.store.add_proposal(self.run_id, round_, proposal)
        return proposal

    async def _score_round(self, round_: int, candidates: Sequence[Candidate], history: History) -> None:
        """Score those of a round's candidates that have no trial yet, and keep their trials in order.

        Many latents write the same sentence: it is paid for once, and later trials reuse its scores. What
        was not scored on all examples goes on where the evaluation policy lets it. For what is refused
        nothing is paid.
        """
        compared = self._compared_round(round_)
        rungs = self.rounds.rungs_of(compared)
        reach = {
            c.guidance: reach_of(rungs, history.examples_seen(c))
            for c in candidates
            if not c.refused and (history.first_with(c) is None or rungs.advance)
        }
        total = len(reach) * len(self.splits.validation)
        self.events.emit(PhaseStarted(run_id=self.run_id, phase="evaluate", round=round_, total=total))
        evaluations: dict[Guidance, Evaluation] = {}
        waiting = list(reversed(candidates))

        def keep(settled: Mapping[Guidance, Evaluation]) -> None:
            evaluations.update(settled)
            before, set_aside = len(history), history.set_aside
            grown: list[Trial] = []
            while waiting and (waiting[-1].guidance not in reach or waiting[-1].guidance in evaluations):
                grown += self._add_trial(round_, waiting.pop(), evaluations, history)
            trials = history.trials[before:]
            changed = grown if history.set_aside == set_aside else history.trials[:before]
            if trials:
                self.store.add_trials(self.run_id, trials, changed=changed)
            for trial in trials:
                self.events.emit(TrialFinished(run_id=self.run_id, trial=trial, best=history.best))

        await self.rounds.evaluate(reach, history.best, keep, compared)

    def _add_trial(
        self, round_: int, candidate: Candidate, known: Mapping[Guidance, Evaluation], history: History
    ) -> list[Trial]:
        """Add the trial of a candidate; return the earlier one of its guidance that saw more now, if any."""
        index, earlier = len(history), history.first_with(candidate)
        evaluation, objective = known.get(candidate.guidance), self.config.objective
        if candidate.refused:
            history.append(refused_trial(index, round_, candidate))
            return []
        if earlier is None:
            assert evaluation is not None, "what is new was evaluated"
            history.append(scored_trial(index, round_, candidate, evaluation, objective))
            return []
        grown = []
        if evaluation is not None and len(evaluation.scores) > len(earlier.scores):
            earlier = scored_trial(earlier.index, earlier.round, earlier.candidate, evaluation, objective)
            history.replace(earlier)
            grown = [earlier]
        history.append(reusing_trial(index, round_, candidate, earlier))
        return grown

    def _compared_round(self, round_: int) -> int | None:
        """Return which round this is of those that the evaluation policy judges; None if it judges it not.

        What an earlier run has scored costs nothing, and is the measure for all that follow: it sees all.
        """
        compared = round_ - bool(self.carried)
        return compared if compared >= 0 else None

    def _read_history(self) -> History:
        """Return the trials on disk, where from now on none has a score on an example that is set aside."""
        trials = self.store.trials(self.run_id)
        history = History(trials)
        changed = [after for before, after in zip(trials, history.trials, strict=True) if after != before]
        self.store.replace_trials(self.run_id, changed)
        examples = (*self.splits.validation, *self.splits.retest)
        # Where the budget has no room to ask them again, they are not known to be set aside yet.
        self.evaluator.set_aside.add((examples[place] for place in history.set_aside), "failed")
        self.evaluator.check_evidence("validation", self.splits.validation)
        return history

    async def _mend_failed_rounds(self) -> None:
        """Score again the rounds in which examples had been set aside before this run was resumed.

        What was answered then costs nothing now, and no instruction leaves for the lack of an answer.
        """
        for round_ in sorted({t.round for t in self.store.trials(self.run_id) if None in t.scores}):
            trials = self.store.trials(self.run_id)
            scored = (t for t in trials if t.round == round_ and t.reused is None and t.scores)
            own = {t.candidate.guidance: t for t in scored}
            before = History(trial for trial in trials if trial.round < round_)

            def mend(
                settled: Mapping[Guidance, Evaluation],
                own: Mapping[Guidance, Trial] = own,
                trials: Sequence[Trial] = trials,
            ) -> None:
                for guidance, evaluation in settled.items():
                    self._replace(own[guidance], evaluation, trials)

            compared = self._compared_round(round_)
            rungs = self.rounds.rungs_of(compared)
            reach = {
                guidance: len(trial.scores) if rungs.advance else reach_of(rungs, 0)
                for guidance, trial in own.items()
            }
            await self.rounds.evaluate(reach, before.best, mend, compared)

    def _replace(self, trial: Trial, evaluation: Evaluation, trials: Sequence[Trial]) -> None:
        """Write a trial anew, and with it those of ``trials`` that reuse its scores."""
        objective = self.config.objective
        mended = scored_trial(trial.index, trial.round, trial.candidate, evaluation, objective)
        copies = [
            reusing_trial(each.index, each.round, each.candidate, mended)
            for each in trials
            if each.reused == trial.index
        ]
        self.store.replace_trials(self.run_id, [mended, *copies])
