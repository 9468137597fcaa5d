"""The policies' arithmetic: rungs that grow to all examples, and who stays after a comparison."""

import math
import random
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from izcore.builtins.evaluation_policies import (
    FullEvaluation,
    Hyperband,
    Racing,
    Stepwise,
    SuccessiveHalving,
    chance_of_lead,
)
from izcore.builtins.options import HalvingOptions, HyperbandOptions, RacingOptions, StepwiseOptions
from izcore.plugin import BackendContext, EvaluationPolicy, Options, RungsRequest, StayRequest
from izcore.search.rungs import RoundSize, rungs_of

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


def halving(first: int = 1, reduction: float = 2.0) -> SuccessiveHalving:
    return SuccessiveHalving(HalvingOptions(first=first, reduction=reduction), CONTEXT)


def hyperband(first: int = 10, reduction: float = 2.0) -> Hyperband:
    return Hyperband(HyperbandOptions(first=first, reduction=reduction), CONTEXT)


def racing(first: int = 4, risk: float = 0.1) -> Racing:
    return Racing(RacingOptions(first=first, risk=risk), CONTEXT)


def sizes(policy: EvaluationPolicy, examples: int, searched: int) -> list[int]:
    return [rung.examples for rung in policy.rungs(RungsRequest(examples=examples, searched=searched)).rungs]


@given(first=st.integers(1, 60), examples=st.integers(1, 200), searched=st.integers(1, 300))
def test_rungs_grow_to_all_examples(first: int, examples: int, searched: int) -> None:
    halved = sizes(halving(first), examples, searched)
    assert halved == sorted(set(halved))
    assert halved[-1] == examples
    assert set(halved) <= {*(first * 2**n for n in range(9)), examples}
    # The last two are compared on all examples.
    assert searched > 2 ** (len(halved) - 1) or len(halved) == 1
    assert sizes(racing(first), examples, searched) == [*range(first, examples, first), examples]
    assert sizes(FullEvaluation(Options(), CONTEXT), examples, searched) == [examples]


def test_a_few_instructions_are_not_judged_by_one_example() -> None:
    assert sizes(halving(), 20, 50) == [1, 2, 4, 8, 16, 20]
    assert sizes(halving(), 20, 32) == [2, 4, 8, 16, 20]
    assert sizes(halving(), 20, 9) == [4, 8, 16, 20]
    assert sizes(halving(), 20, 3) == [16, 20]
    assert sizes(halving(), 20, 2) == [20]


@settings(deadline=None)  # the first race imports scipy
@given(
    policy=st.one_of(
        st.builds(halving, st.integers(1, 8), st.sampled_from([1.5, 2.0, 3.0])),
        st.builds(racing, st.integers(1, 8)),
        st.builds(hyperband, st.integers(1, 8), st.sampled_from([2.0, 2.5, 3.0])),
        st.just(FullEvaluation(Options(), CONTEXT)),
    ),
    examples=st.integers(1, 40),
    instructions=st.integers(1, 60),
    fewer=st.integers(0, 59),
)
def test_no_round_shows_more_examples_than_the_estimate_says(
    policy: EvaluationPolicy, examples: int, instructions: int, fewer: int
) -> None:
    began, seen, spent = max(1, instructions - fewer), 0, 0
    staying = began
    rungs = rungs_of(policy, examples, instructions, 0).rungs
    for number, rung in enumerate(rungs):
        spent, seen = spent + staying * (rung.examples - seen), rung.examples
        if number + 1 < len(rungs):
            request = StayRequest(
                scores=((1.0,) * seen,) * staying,
                compared=staying,
                instructions=began,
                rung=number,
                rungs=len(rungs),
            )
            staying = len(policy.stay(request).indices)
    most = RoundSize(instructions=instructions, rungs=rungs).most_that_see()
    assert len(most) == examples
    assert spent <= sum(most) <= examples * instructions
    # Hyperband rounds down who stays.
    assert fewer or spent == sum(most) or isinstance(policy, Hyperband)


@given(
    examples=st.integers(1, 40),
    first=st.integers(1, 8),
    rounds=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=8), min_size=1, max_size=12),
)
def test_who_goes_up_in_steps_sees_no_more_than_the_estimate_says(
    examples: int, first: int, rounds: list[list[int]]
) -> None:
    """Whatever is suggested again: each of six instructions goes up one rung for a round it is named in."""
    policy = Stepwise(StepwiseOptions(first=first), CONTEXT)
    result = rungs_of(policy, examples, 100, 0)
    sizes = [rung.examples for rung in result.rungs]
    steps = Counter(each for named in rounds for each in set(named))
    seen = [sizes[min(steps[each], len(sizes)) - 1] for each in steps]
    most = [
        sum(column)
        for column in zip(
            *(
                RoundSize(instructions=len(named), rungs=result.rungs, advance=result.advance).most_that_see()
                for named in rounds
            ),
            strict=True,
        )
    ]
    assert all(sum(each > place for each in seen) <= most[place] for place in range(examples))


def test_of_those_that_go_up_in_steps_each_rung_is_likely_to_see_half_of_the_one_before() -> None:
    rungs = Stepwise(StepwiseOptions(), CONTEXT).rungs(RungsRequest(examples=8, searched=100)).rungs

    def likely(earlier: int) -> list[float]:
        return RoundSize(instructions=30, rungs=rungs, advance=1, earlier=earlier).likely_to_see()

    assert likely(0) == [30.0] + [0.0] * 7
    assert likely(1) == pytest.approx([20, 10] + [0] * 6)
    assert likely(3) == likely(50) == pytest.approx([16, 8, 4, 4, 2, 2, 2, 2])


@given(
    policy=st.one_of(st.builds(halving), st.builds(racing), st.builds(hyperband)),
    examples=st.integers(1, 40),
    instructions=st.integers(1, 60),
    own=st.integers(0, 20),
    likely=st.sampled_from([0.25, 0.5, 1.0]),
    advance=st.sampled_from([None, 1, 2]),
    earlier=st.integers(0, 6),
)
def test_what_is_likely_is_no_more_than_the_most(
    policy: EvaluationPolicy,
    examples: int,
    instructions: int,
    own: int,
    likely: float,
    advance: int | None,
    earlier: int,
) -> None:
    rungs = policy.rungs(RungsRequest(examples=examples, searched=instructions)).rungs
    fewer = tuple(msgspec.structs.replace(rung, likely=likely) for rung in rungs)
    size = RoundSize(
        instructions=instructions, rungs=fewer, own=min(own, instructions), advance=advance, earlier=earlier
    )
    most = size.most_that_see()
    assert all(a <= b + 1e-9 for a, b in zip(size.likely_to_see(), most, strict=True))
    assert likely < 1 or advance or size.likely_to_see() == most


def bracket(policy: Hyperband, examples: int, round_: int) -> list[tuple[int, int]]:
    """Play a bracket: how many instructions see how many examples."""
    result = policy.rungs(RungsRequest(examples=examples, searched=300, round=round_))
    assert result.instructions is not None
    staying, shown = result.instructions, []
    for number, rung in enumerate(result.rungs):
        shown.append((staying, rung.examples))
        request = StayRequest(
            scores=((0.5,),) * staying,
            compared=staying,
            instructions=result.instructions,
            rung=number,
            rungs=len(result.rungs),
        )
        staying = len(policy.stay(request).indices)
    return shown


def test_brackets_are_those_of_the_paper() -> None:
    """Li et al. 2018, table 1: N = 81, eta = 3; after the last bracket it starts again."""
    published = [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]
    assert [bracket(hyperband(1, 3.0), 81, round_) for round_ in range(7)] == [*published, *published[:2]]


def test_brackets_of_few_examples() -> None:
    """By default the first comparison is after ten examples at least; of fewer, all are compared on all."""
    assert [bracket(hyperband(), 80, round_)[0] for round_ in range(5)] == [
        *((8, 10), (6, 20), (4, 40), (4, 80), (8, 10)),
    ]
    assert [bracket(hyperband(), 25, round_) for round_ in range(2)] == [[(2, 12), (1, 25)], [(2, 25)]]
    assert bracket(hyperband(), 9, 0) == bracket(hyperband(), 9, 1) == [(1, 9)]


def stay_in_race(
    scores: dict[str, tuple[float, ...]], incumbent: tuple[float, ...], level: float
) -> list[str]:
    policy = racing(risk=level)
    request = StayRequest(
        scores=tuple(scores.values()),
        compared=len(scores),
        instructions=1,
        rung=0,
        rungs=1,
        incumbent=incumbent,
    )
    names = list(scores)
    return [names[index] for index in policy.stay(request).indices]


def test_the_best_is_rarely_lost_in_a_race() -> None:
    # Eleven rivals as good as the best: that one of them leads it by chance is as likely as can be.
    draw, risk, examples, lost = random.Random(0), 0.2, 40, 0
    blocks = sizes(racing(), examples, 12)
    for _ in range(200):
        scores = {str(n): tuple(float(draw.random() < 0.6) for _ in range(examples)) for n in range(12)}
        staying = list(scores)
        for size in blocks:
            seen = {text: scores[text][:size] for text in staying}
            staying = stay_in_race(seen, (), risk / (12 * len(blocks)))
        lost += "0" not in staying
    assert lost <= 200 * risk


def test_a_race_drops_what_is_clearly_worse_and_keeps_the_leader() -> None:
    good, bad, close = (1.0,) * 16, (0.0,) * 16, (1.0,) * 15 + (0.0,)
    assert stay_in_race({"bad": bad, "good": good, "close": close}, (), 0.01) == ["good", "close"]
    # The incumbent of earlier rounds races too, and graded scores are compared by a weaker bound.
    assert stay_in_race({"bad": bad, "close": close}, good, 0.01) == ["close"]
    assert stay_in_race({"graded": (0.05,) * 16}, good, 0.01) == []
    assert stay_in_race({"graded": (0.6,) * 16}, good, 0.01) == ["graded"]


def test_who_leads_by_nothing_leads_by_chance() -> None:
    assert chance_of_lead((0.0, 1.0), (1.0, 0.0)) == 1.0
    assert chance_of_lead((1.0,) * 5, (0.0,) * 5) == pytest.approx(2**-5)
    assert chance_of_lead((0.9,) * 8, (0.4,) * 8) == pytest.approx(math.exp(-(4.0**2) / 16))
