"""What an evaluation policy says of a search: how many instructions see how many examples."""

import math
from collections.abc import Iterable
from typing import TypeVar

from izcore.config.schema import SearchSize
from izcore.plugin.evaluation import Rung, RungsRequest, RungsResult
from izcore.plugin.protocols import EvaluationPolicy
from izcore.plugin.record import Record

Count = TypeVar("Count", int, float)


JUDGED_FROM = 4
"""None of the user's own instructions is dropped for what it does on fewer examples."""


def own_kept(own: int, examples: int) -> int:
    """Return how many of the user's own instructions stay whatever the policy says.

    That is the better half of those that are still there after so many examples; all of them after few, and
    one at least.
    """
    return own if examples < JUDGED_FROM else math.ceil(own / 2)


class RoundSize(Record):
    """How many instructions a round has at most, and after how many examples they are compared.

    ``own`` of them are the user's, of which some stay whatever the policy says. Each goes up at most
    ``advance`` rungs in the round; all of them where that is None. ``earlier`` is how many rounds came
    before.
    """

    instructions: int
    rungs: tuple[Rung, ...]
    own: int = 0
    advance: int | None = None
    earlier: int = 0

    def most_that_see(self) -> list[int]:
        """Return for each example by how many instructions of the round it is seen at most.

        Where instructions go up a part of the rungs in a round, one has been suggested k + 1 times before it
        has gone up k parts; so of all that were suggested so far at most 1 / (k + 1) have. That holds of the
        sum over rounds, which is what counts.
        """
        reaching: list[int] = []
        staying, own = self.instructions, self.own
        for number, rung in enumerate(self.rungs):
            if self.advance:
                staying = math.ceil(self.instructions / (number // self.advance + 1))
            reaching.append(staying)
            own = own_kept(own, rung.examples)
            staying = min(staying, math.ceil(staying / rung.reduction) + own)
        return self._by_example(reaching)

    def likely_to_see(self) -> list[float]:
        """Return for each example by how many instructions of the round it is likely to be seen.

        Where instructions go up a part of the rungs in a round, those that are suggested are taken to be at
        all parts, at each next one as many as are likely to go on from the one before; but none has gone up
        more parts than there were rounds.
        """
        if self.advance is None:
            staying, own = float(self.instructions), self.own
            reaching = []
            for rung in self.rungs:
                reaching.append(staying)
                own = own_kept(own, rung.examples)
                staying = min(staying, math.ceil(staying / rung.reduction) + own) * rung.likely
            return self._by_example(reaching)
        shares = [1.0]
        for rung in self.rungs[:-1]:
            shares.append(shares[-1] * rung.likely / rung.reduction)
        open_ = self.advance * (self.earlier + 1)
        shares[open_:] = [0.0] * len(shares[open_:])
        suggested = sum(shares[:: self.advance])
        return self._by_example(self.instructions * share / suggested for share in shares)

    def _by_example(self, reaching: Iterable[Count]) -> list[Count]:
        """Return for each example how many see it, where so many reach each rung."""
        seen: list[Count] = []
        for rung, number in zip(self.rungs, reaching, strict=True):
            seen += [number] * (rung.examples - len(seen))
        return seen

    def most_at_first(self, instructions: int) -> int:
        """Return how many answers so many instructions take at most, none of which was scored before."""
        rungs = self.rungs[: self.advance]
        new = RoundSize(instructions=instructions, rungs=rungs, own=min(self.own, instructions))
        return sum(new.most_that_see())


def rungs_of(policy: EvaluationPolicy | None, examples: int, searched: int, round_: int) -> RungsResult:
    """Return after how many examples the instructions of a round are compared; one rung without a policy.

    ``examples`` is the number of validation examples, ``searched`` that of the instructions of the whole
    search, at most. ``round_`` counts from 0.
    """
    if policy is None:
        return RungsResult(rungs=(Rung(examples=examples),))
    return policy.rungs(RungsRequest(examples=examples, searched=searched, round=round_))


def reach_of(result: RungsResult, seen: int) -> int:
    """Return how many examples an instruction that has seen some may have seen at most after a round."""
    ahead = [rung.examples for rung in result.rungs if rung.examples > seen]
    return ahead[: result.advance][-1] if ahead else result.rungs[-1].examples


def rounds_of(
    policy: EvaluationPolicy | None, search: SearchSize, examples: int, trials: int, starting: int
) -> list[RoundSize]:
    """Return the rounds of a search of so many ``trials``; the first has ``starting`` ones on top.

    Some of these stay in it whatever the policy says.
    """
    rounds: list[RoundSize] = []
    tried = 0
    while tried < trials:
        result = rungs_of(policy, examples, trials, len(rounds))
        wanted = search.initial - tried if tried < search.initial else search.batch
        proposed = wanted if result.instructions is None else min(wanted, result.instructions)
        instructions = min(proposed + (0 if rounds else starting), trials - tried)
        rounds.append(
            RoundSize(
                instructions=instructions,
                rungs=result.rungs,
                own=0 if rounds else min(starting, instructions),
                advance=result.advance,
                earlier=len(rounds),
            )
        )
        tried += instructions
    return rounds
