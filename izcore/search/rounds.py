"""Scores the instructions of one round: on all validation examples, or on more of them rung by rung."""

import asyncio
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from izcore.config.schema import Objective
from izcore.plugin.errors import BudgetExhaustedError, IzError
from izcore.plugin.evaluation import Rung, RungsResult, StayRequest
from izcore.plugin.examples import Example
from izcore.plugin.protocols import EvaluationPolicy
from izcore.plugin.trials import Guidance, Trial
from izcore.scoring.evaluator import Evaluation, Evaluator
from izcore.search.rungs import own_kept, rungs_of

Settle = Callable[[Mapping[Guidance, Evaluation]], None]
"""Is told evaluations that nothing will change any more."""


@dataclass(frozen=True)
class RoundEvaluator:
    """Scores instructions on the validation examples, on as many as the evaluation policy says.

    Without a ``policy`` that is on all of them. ``searched`` is the number of trials of the whole search.
    ``own`` are the user's own instructions: the better half of them stays whatever the policy says, and all
    of them up to ``JUDGED_FROM`` examples, so that what wins is never below them by the luck of a few.
    """

    evaluator: Evaluator
    policy: EvaluationPolicy | None
    objective: Objective
    examples: Sequence[Example]
    searched: int
    own: Collection[Guidance] = ()

    def rungs_of(self, round_: int | None) -> RungsResult:
        """Return what the policy says of a round; None stands for one that sees all examples."""
        policy = None if round_ is None else self.policy
        return rungs_of(policy, len(self.examples), self.searched, round_ or 0)

    async def evaluate(
        self,
        instructions: Mapping[Guidance, int],
        incumbent: Trial | None,
        settle: Settle,
        round_: int | None,
    ) -> None:
        """Score all instructions on the examples of the first rung, those that stay on the next, and so on.

        ``instructions`` says how many examples each may see at most in the round, see :func:`reach_of`.

        The order of examples is fixed, and one that is set aside counts for nobody, so that any two
        instructions are compared on the same examples. ``incumbent`` is the best trial so far, for policies
        that compare with it. ``round_`` counts the rounds that are compared, and is None for one that is not:
        it has one rung, all examples.

        With a single rung, ``settle`` is told every evaluation as soon as it and those before it are known;
        with several, all of them at the end, since the scores of one instruction decide about another.

        Raises BudgetExhaustedError after ``settle`` was told what the budget had room for, and BackendError
        where too many examples are set aside. With any other error of a backend no further call is sent, and
        those under way are waited for, because they are paid for.
        """
        rungs = self.rungs_of(round_).rungs
        known: dict[Guidance, Evaluation] = {}
        staying = list(instructions)
        exhausted: BudgetExhaustedError | None = None
        for number, rung in enumerate(rungs):
            examples = self.examples[: rung.examples]
            under_way = {
                each: asyncio.create_task(self.evaluator.evaluate(each, examples)) for each in staying
            }
            try:
                for instruction, task in under_way.items():
                    try:
                        known[instruction] = await task
                    except BudgetExhaustedError as error:
                        exhausted = error
                    else:
                        if len(rungs) == 1:
                            settle({instruction: known[instruction]})
            except IzError as error:
                self.evaluator.stop(error)
                await asyncio.gather(*under_way.values(), return_exceptions=True)
                raise
            self.evaluator.check_evidence("validation", self.examples)
            if exhausted:
                break
            if number + 1 < len(rungs):
                staying = [each for each in staying if instructions[each] > rung.examples]
                staying = self._staying(staying, known, incumbent, rungs, number, len(instructions))
        if len(rungs) > 1 or not instructions:
            settle(known)
        if exhausted:
            raise exhausted

    def _staying(
        self,
        compared: Sequence[Guidance],
        known: Mapping[Guidance, Evaluation],
        incumbent: Trial | None,
        rungs: Sequence[Rung],
        number: int,
        instructions: int,
    ) -> list[Guidance]:
        """Return which instructions go on; every score counts less the penalty of its instruction."""
        assert self.policy is not None, "without a policy there is one rung"
        shared = [
            place
            for place in range(rungs[number].examples)
            if all(known[each].scores[place] is not None for each in compared)
        ]
        if not shared:
            return list(compared)  # nothing is known that would tell them apart
        request = StayRequest(
            scores=tuple(
                _scores_at(shared, known[each].scores, self._penalty(each, known[each])) for each in compared
            ),
            compared=len(compared),
            instructions=instructions,
            rung=number,
            rungs=len(rungs),
            incumbent=_scores_of(incumbent, shared),
        )
        staying = list(self.policy.stay(request).indices)
        own = [index for index, each in enumerate(compared) if each in self.own]
        own.sort(key=lambda index: -math.fsum(request.scores[index]))
        kept = own[: own_kept(len(own), rungs[number].examples)]
        return [compared[index] for index in (*staying, *(each for each in kept if each not in staying))]

    def _penalty(self, guidance: Guidance, evaluation: Evaluation) -> float:
        return self.objective.penalty(guidance.length, evaluation.answer_cost_usd)


def _scores_of(incumbent: Trial | None, shared: Sequence[int]) -> tuple[float, ...]:
    """Return the incumbent's scores in these places less its penalty; empty where some are missing."""
    if incumbent is None or len(incumbent.scores) <= shared[-1]:
        return ()
    scores = _scores_at(shared, incumbent.scores, incumbent.penalty)
    return scores if len(scores) == len(shared) else ()


def _scores_at(places: Sequence[int], scores: Sequence[float | None], penalty: float) -> tuple[float, ...]:
    found = (scores[place] for place in places)
    return tuple(score - penalty for score in found if score is not None)
