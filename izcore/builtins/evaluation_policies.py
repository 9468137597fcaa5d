"""The core's evaluation policies: all examples for all, halving, steps, Hyperband, and racing."""

import math
from collections.abc import Sequence

from izcore.builtins.options import HalvingOptions, HyperbandOptions, RacingOptions, StepwiseOptions
from izcore.plugin import (
    BackendContext,
    EvaluationPolicy,
    Options,
    Rung,
    RungsRequest,
    RungsResult,
    StayRequest,
    StayResult,
)

AGAIN = 0.5
"""Of the instructions that :class:`Stepwise` has scored on some examples, the share that is likely to be
suggested again: a surrogate that halves goes on with the better half, and takes new ones for the other."""


class FullEvaluation(EvaluationPolicy):
    """Scores every instruction on all validation examples."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return one rung with all examples."""
        return RungsResult(rungs=(Rung(examples=request.examples),))

    def stay(self, request: StayRequest) -> StayResult:
        """Let all stay; never asked, since there is one rung."""
        return StayResult(indices=tuple(range(len(request.scores))))


class SuccessiveHalving(EvaluationPolicy):
    """Scores all instructions on few examples, then the best of them on twice as many, and so on.

    Successive halving (Jamieson and Talwalkar 2016, algorithm 1). The best instruction is lost with a
    probability of at most exp(-n d^2 / 2) per rung of n examples for each rival that it beats by d
    (Hoeffding, for scores in [0, 1] on examples drawn independently).
    """

    def __init__(self, options: HalvingOptions, context: BackendContext) -> None:
        self._first = options.first
        self._reduction = options.reduction

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return rungs of ``first`` examples, then twice as many each time, up to all.

        A search of few instructions begins later, so that two would be left at the end: among a handful, one
        example is no reason to drop any.
        """
        sizes = _doubling(self._first, request.examples)
        begin, staying = len(sizes), request.searched
        while begin and (staying := math.ceil(staying / self._reduction)) > 1:
            begin -= 1
        compared = (Rung(examples=size, reduction=self._reduction) for size in sizes[begin:])
        return RungsResult(rungs=(*compared, Rung(examples=request.examples)))

    def stay(self, request: StayRequest) -> StayResult:
        """Return the best, of equals those that came first."""
        return StayResult(indices=_best(request.scores, math.ceil(request.compared / self._reduction)))


class Stepwise(EvaluationPolicy):
    """Scores a new instruction on few examples, and on twice as many each time that it is suggested again.

    Nothing is compared within a round: whether an instruction is worth more examples is the surrogate's
    choice, which weighs it against new ones (freeze-thaw optimisation; Swersky, Snoek and Adams 2014).
    """

    def __init__(self, options: StepwiseOptions, context: BackendContext) -> None:
        self._first = options.first

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return rungs of ``first`` examples, then twice as many each time, up to all: one in a round."""
        sizes = [*_doubling(self._first, request.examples), request.examples]
        return RungsResult(rungs=tuple(Rung(examples=size, likely=AGAIN) for size in sizes), advance=1)

    def stay(self, request: StayRequest) -> StayResult:
        """Let all stay that the rungs let go on."""
        return StayResult(indices=tuple(range(len(request.scores))))


class Hyperband(EvaluationPolicy):
    """Successive halving in brackets: how many examples a comparison should begin with is not known.

    Hyperband (Li et al. 2018, algorithm 1) with validation examples as the resource. Of N examples, with
    s_max the largest s for which η^s times ``first`` examples are no more than N, the brackets are s = s_max
    down to 0, one per round, and then again: bracket s begins with ⌈(s_max + 1) η^s / (s + 1)⌉ instructions
    on ⌊N η^-s⌋ examples, and after rung i the best ⌊n η^-(i+1)⌋ of its n go on to ⌊N η^(i+1-s)⌋.
    """

    def __init__(self, options: HyperbandOptions, context: BackendContext) -> None:
        self._first = options.first
        self._reduction = options.reduction

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return the bracket of the round."""
        largest = 0
        while self._first * self._reduction ** (largest + 1) <= request.examples:
            largest += 1
        bracket = largest - request.round % (largest + 1)
        below = (int(request.examples / self._reduction**step) for step in range(bracket, 0, -1))
        return RungsResult(
            rungs=(
                *(Rung(examples=size, reduction=self._reduction) for size in below),
                Rung(examples=request.examples),
            ),
            instructions=math.ceil((largest + 1) * self._reduction**bracket / (bracket + 1)),
        )

    def stay(self, request: StayRequest) -> StayResult:
        """Return the best, one at least; of equals those that came first."""
        places = int(request.instructions / self._reduction ** (request.rung + 1))
        return StayResult(indices=_best(request.scores, max(places, 1)))


class Racing(EvaluationPolicy):
    """Scores block by block, and drops an instruction once it is shown to be worse than the leader.

    A Hoeffding race (Maron and Moore 1994) on paired differences; for right-or-wrong scores with the exact
    sign test, which decides sooner. The best instruction is lost only if at some comparison some rival leads
    it by more than chance explains; with the level of each the risk divided by rivals and comparisons, that
    happens with a probability of at most the risk (union bound, for examples drawn independently).
    """

    def __init__(self, options: RacingOptions, context: BackendContext) -> None:
        self._first = options.first
        self._risk = options.risk

    def rungs(self, request: RungsRequest) -> RungsResult:
        """Return rungs of ``first`` examples more each time, up to all."""
        sizes = [*range(self._first, request.examples, self._first), request.examples]
        return RungsResult(rungs=tuple(Rung(examples=size) for size in sizes))

    def stay(self, request: StayRequest) -> StayResult:
        """Return those that the leader, the incumbent among them, is not shown to beat."""
        rivals = [*request.scores, *([request.incumbent] if request.incumbent else [])]
        if not rivals:
            return StayResult(indices=())
        level = self._risk / (max(1, request.instructions) * request.rungs)
        leader = max(rivals, key=_mean)
        staying = (index for index, own in enumerate(request.scores) if chance_of_lead(leader, own) > level)
        return StayResult(indices=tuple(staying))


def chance_of_lead(first: Sequence[float], second: Sequence[float]) -> float:
    """Bound the probability that ``first`` leads by as much as it does, were it no better than ``second``.

    Both are scores of the same examples, drawn independently, in [0, 1] or in that less a constant.
    Right-or-wrong scores: the exact one-sided sign test on the examples where they disagree. Others:
    exp(-n d^2 / 2) for n differences that span at most 2, with mean d (Hoeffding 1963, theorem 2). 1.0 where
    ``first`` does not lead.

    Raises ValueError for different lengths.
    """
    from scipy import stats

    pairs = list(zip(first, second, strict=True))
    lead = sum(a - b for a, b in pairs)
    if lead <= 0:
        return 1.0
    if {*first, *second} <= {0.0, 1.0}:
        ahead = sum(a > b for a, b in pairs)
        return float(stats.binom.sf(ahead - 1, sum(a != b for a, b in pairs), 0.5))
    return math.exp(-lead * lead / (2 * len(pairs)))


def _doubling(first: int, examples: int) -> list[int]:
    """Return ``first``, then twice as many each time, as long as it is less than ``examples``."""
    sizes = []
    while first < examples:
        sizes.append(first)
        first *= 2
    return sizes


def _best(scores: Sequence[Sequence[float]], places: int) -> tuple[int, ...]:
    """Return the indices of the highest means, at most so many; of equals those that came first."""
    ranked = sorted(range(len(scores)), key=lambda index: -_mean(scores[index]))
    return tuple(ranked[:places])


def _mean(scores: Sequence[float]) -> float:
    return math.fsum(scores) / len(scores)
