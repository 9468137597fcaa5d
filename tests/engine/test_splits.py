"""Splits are deterministic, disjoint and never empty; too small a file says what it needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.config.schema import SplitSizes
from izcore.engine.splits import SMALLEST_SCORED_SPLIT, cut_splits, fingerprint, split_examples
from izcore.plugin.errors import DataError
from izcore.plugin.examples import Example, TaskData


def task(size: int, held_out: int = 0, start: int = 0) -> TaskData:
    def examples(first: int, count: int) -> tuple[Example, ...]:
        return tuple(Example(input=f"i{n}", targets=(f"t{n}",)) for n in range(first, first + count))

    return TaskData(name="t", examples=examples(0, size), test_examples=examples(start or size, held_out))


sizes = st.builds(
    SplitSizes, demonstrations=st.integers(1, 8), validation=st.integers(1, 30), test=st.integers(1, 120)
)


@given(size=st.integers(0, 200), held_out=st.integers(0, 100), wanted=sizes, seed=st.integers(0, 5))
def test_splits_keep_their_promises(size: int, held_out: int, wanted: SplitSizes, seed: int) -> None:
    data = task(size, held_out)
    try:
        splits, notes = split_examples(data, wanted, seed)
    except DataError:
        least = min(wanted.validation, SMALLEST_SCORED_SPLIT), min(wanted.test, SMALLEST_SCORED_SPLIT)
        from_pool = wanted.demonstrations + least[0] + (0 if held_out else least[1])
        assert size < from_pool or 0 < held_out < least[1]
        return
    inputs = [[e.input for e in part] for part in (splits.demonstrations, splits.validation, splits.test)]
    assert len(set().union(*inputs)) == sum(len(part) for part in inputs)
    assert len(splits.demonstrations) == wanted.demonstrations
    assert min(wanted.validation, SMALLEST_SCORED_SPLIT) <= len(splits.validation) <= wanted.validation
    assert min(wanted.test, SMALLEST_SCORED_SPLIT) <= len(splits.test) <= wanted.test
    assert (splits, notes) == split_examples(data, wanted, seed)
    shrunk = len(splits.validation) < wanted.validation or len(splits.test) < wanted.test
    assert bool(notes) is shrunk
    if held_out:
        assert {e.input for e in splits.test} <= {e.input for e in data.test_examples}


def test_as_many_examples_as_the_message_says_are_enough() -> None:
    with pytest.raises(DataError, match="at least 15") as caught:
        split_examples(task(14), SplitSizes(), 0)
    assert "14 distinct" in caught.value.message
    splits, _ = split_examples(task(15), SplitSizes(), 0)
    assert (len(splits.validation), len(splits.test)) == (5, 5)


def test_repeated_inputs_count_once_and_test_inputs_leave_the_rest() -> None:
    twins = TaskData(name="t", examples=task(1).examples * 50)
    with pytest.raises(DataError, match="1 distinct"):
        split_examples(twins, SplitSizes(), 0)
    overlapping = task(40, held_out=20, start=30)
    splits, _ = split_examples(overlapping, SplitSizes(test=20), 0)
    held_out = {e.input for e in overlapping.test_examples}
    assert {e.input for e in splits.test} == held_out
    assert not held_out & {e.input for e in (*splits.demonstrations, *splits.validation)}


def test_the_seed_changes_the_splits() -> None:
    one, two = (split_examples(task(100), SplitSizes(test=20), seed)[0] for seed in (1, 2))
    assert one != two


def test_the_fingerprint_notices_any_change() -> None:
    assert fingerprint(task(5)) == fingerprint(task(5))
    assert len({fingerprint(task(5)), fingerprint(task(6)), fingerprint(task(5, 2))}) == 3


@given(
    size=st.integers(15, 200),
    held_out=st.sampled_from([0, 30]),
    methods=st.lists(sizes, min_size=2, max_size=4),
    seed=st.integers(0, 5),
)
def test_splits_cut_from_the_same_ones_share_what_they_have(
    size: int, held_out: int, methods: list[SplitSizes], seed: int
) -> None:
    drawn = SplitSizes(
        demonstrations=max(m.demonstrations for m in methods),
        validation=max(m.validation for m in methods),
        test=max(m.test for m in methods),
    )
    try:
        whole, _ = split_examples(task(size, held_out), drawn, seed)
    except DataError:
        return
    for wanted in methods:
        splits, notes = cut_splits(whole, wanted)
        assert splits.test == whole.test
        assert splits.demonstrations == whole.demonstrations[: wanted.demonstrations]
        assert splits.validation == whole.validation[: wanted.validation]
        assert any("validation" in note for note in notes) is (len(splits.validation) < wanted.validation)
