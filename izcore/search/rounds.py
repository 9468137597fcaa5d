"""Scores the instructions of one round: on all validation examples, or on more of them rung by rung."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from izcore.config.schema import EvaluationPolicy, Objective
from izcore.plugin.errors import BudgetExhaustedError, IzError
from izcore.plugin.records import Example, Guidance, Trial
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.search.evaluation_policies import Scores, promote, rungs

Settle = Callable[[Mapping[Guidance, Evaluation]], None]
"""Is told evaluations that nothing will change any more."""


@dataclass(frozen=True)
class RoundEvaluator:
    """Scores instructions on the validation examples, on as many as the evaluation policy says.

    ``searched`` is the number of trials of the whole search.
    """

    evaluator: Evaluator
    policy: EvaluationPolicy
    objective: Objective
    examples: Sequence[Example]
    searched: int

    def rungs(self, *, compared: bool) -> list[int]:
        """Return after how many examples the instructions of a round are compared, all examples at the end.

        A round that is not ``compared`` has one rung: all examples.
        """
        return rungs(self.policy if compared else EvaluationPolicy(), len(self.examples), self.searched)

    async def evaluate(
        self, instructions: Sequence[Guidance], incumbent: Trial | None, settle: Settle, *, compared: bool
    ) -> None:
        """Score all instructions on the examples of the first rung, those promoted on the next, and so on.

        The order of examples is fixed, so that any two instructions are compared on the same ones. An
        instruction with failed calls is not promoted. ``incumbent`` is the best trial so far, for policies
        that compare with it.

        With a single rung, ``settle`` is told every evaluation as soon as it and those before it are known;
        with several, all of them at the end, since the scores of one instruction decide about another.

        Raises BudgetExhaustedError after ``settle`` was told what the budget had room for. With any other
        error no further call is sent, and those under way are waited for, because they are paid for.
        """
        sizes = self.rungs(compared=compared)
        known: dict[Guidance, Evaluation] = {}
        staying = list(instructions)
        exhausted: BudgetExhaustedError | None = None
        for size in sizes:
            under_way = {
                each: asyncio.create_task(self.evaluator.evaluate(each, self.examples[:size]))
                for each in staying
            }
            try:
                for instruction, task in under_way.items():
                    try:
                        known[instruction] = await task
                    except BudgetExhaustedError as error:
                        exhausted = error
                    else:
                        if len(sizes) == 1:
                            settle({instruction: known[instruction]})
            except IzError as error:
                self.evaluator.stop(error)
                await asyncio.gather(*under_way.values(), return_exceptions=True)
                raise
            if exhausted or size == len(self.examples):
                break
            staying = self._promoted(staying, known, incumbent, size, len(instructions), len(sizes))
        if len(sizes) > 1 or not instructions:
            settle(known)
        if exhausted:
            raise exhausted

    def _promoted(
        self,
        compared: Sequence[Guidance],
        known: Mapping[Guidance, Evaluation],
        incumbent: Trial | None,
        size: int,
        instructions: int,
        comparisons: int,
    ) -> list[Guidance]:
        """Return which instructions go on; every score counts less the penalty of its instruction."""
        best = _less(incumbent.scores, incumbent.penalty) if incumbent else ()
        scores = {
            each: _less(known[each].scores, self._penalty(each, known[each]))
            for each in compared
            if None not in known[each].scores
        }
        return promote(
            self.policy,
            scores,
            len(compared),
            best[:size] if len(best) >= size else (),
            instructions=instructions,
            comparisons=comparisons,
        )

    def _penalty(self, guidance: Guidance, evaluation: Evaluation) -> float:
        return self.objective.penalty(guidance.length, evaluation.answer_cost_usd)


def _less(scores: Scores, penalty: float) -> Scores:
    return [None if score is None else score - penalty for score in scores]
