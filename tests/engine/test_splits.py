"""Splits are deterministic, disjoint and never empty; too small a file says what it needs."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.config.schema import SplitSizes
from izcore.engine.splits import SMALLEST_SCORED_SPLIT, cut_splits, fingerprint, split_examples
from izcore.plugin.errors import DataError
from izcore.plugin.examples import Example, TaskData


def task(size: int, held_out: int = 0, start: int = 0, validation: int = 0) -> TaskData:
    def examples(first: int, count: int) -> tuple[Example, ...]:
        return tuple(Example(input=f"i{n}", targets=(f"t{n}",)) for n in range(first, first + count))

    return TaskData(
        name="t",
        examples=examples(0, size),
        test_examples=examples(start or size, held_out),
        validation_examples=examples(size + held_out, validation),
    )


def inputs(examples: Iterable[Example]) -> set[str]:
    return {example.input for example in examples}


sizes = st.builds(
    SplitSizes,
    demonstrations=st.integers(1, 8),
    validation=st.integers(1, 30),
    retest=st.integers(0, 30),
    test=st.integers(1, 120),
)
_SPLITS = ("demonstrations", "validation", "retest", "test")


@given(
    size=st.integers(0, 200),
    held_out=st.sampled_from([0, 0, 3, 5, 40, 130]),
    validation=st.sampled_from([0, 0, 3, 5, 30, 70]),
    wanted=sizes,
    seed=st.integers(0, 5),
)
def test_splits_keep_their_promises(
    size: int, held_out: int, validation: int, wanted: SplitSizes, seed: int
) -> None:
    data = task(size, held_out, validation=validation)
    least = min(wanted.validation, SMALLEST_SCORED_SPLIT), min(wanted.test, SMALLEST_SCORED_SPLIT)
    enough = (
        size >= 1 + (0 if validation else least[0]) + (0 if held_out else least[1])
        and (not validation or validation >= least[0])
        and (not held_out or held_out >= least[1])
    )
    if not enough:
        with pytest.raises(DataError, match="too few"):
            split_examples(data, wanted, seed)
        return
    splits, notes = split_examples(data, wanted, seed)
    got = {name: inputs(getattr(splits, name)) for name in _SPLITS}
    assert sum(map(len, got.values())) == len(set().union(*got.values())), "splits overlap"
    short = {name for name in _SPLITS if len(got[name]) < getattr(wanted, name)}
    assert all(len(got[name]) <= getattr(wanted, name) for name in _SPLITS)
    assert len(got["validation"]) >= least[0]
    assert len(got["test"]) >= least[1]
    assert got["demonstrations"]
    assert {note.split(":")[0] for note in notes} == short
    assert (splits, notes) == split_examples(data, wanted, seed)

    pools = {"pool": data.examples, "validation": data.validation_examples, "test": data.test_examples}
    source = dict.fromkeys(_SPLITS, "pool")
    source |= dict.fromkeys(("validation", "retest"), "validation") if validation else {}
    source |= {"test": "test"} if held_out else {}
    for name in _SPLITS:
        assert got[name] <= inputs(pools[source[name]])
    for name in short:
        used = set().union(*(got[other] for other in _SPLITS if source[other] == source[name]))
        assert used == inputs(pools[source[name]]), f"{name} wants what lies unused"


def test_what_a_small_test_leaves_is_searched_with() -> None:
    splits, notes = split_examples(task(50), SplitSizes(test=5, retest=20), 0)
    assert [len(getattr(splits, name)) for name in _SPLITS] == [5, 20, 20, 5]
    assert notes == ()
    splits, notes = split_examples(task(40), SplitSizes(test=5, retest=20), 0)
    assert [len(getattr(splits, name)) for name in _SPLITS] == [5, 20, 10, 5]
    assert notes == ("retest: 10 examples instead of 20; the task has no more.",)


def test_as_many_examples_as_the_message_says_are_enough() -> None:
    with pytest.raises(DataError, match="at least 11") as caught:
        split_examples(task(10), SplitSizes(), 0)
    assert "10 distinct" in caught.value.message
    splits, notes = split_examples(task(11), SplitSizes(), 0)
    assert [len(getattr(splits, name)) for name in _SPLITS] == [1, 5, 0, 5]
    assert notes[0] == "demonstrations: 1 examples instead of 5; the task has no more."


def test_demonstrations_are_fewer_before_validation_says_nothing() -> None:
    splits, notes = split_examples(task(9, held_out=10), SplitSizes(test=10), 0)
    assert (len(splits.demonstrations), len(splits.validation)) == (4, 5)
    assert "demonstrations: 4 examples instead of 5; the task has no more." in notes


def test_an_example_is_in_the_most_sealed_of_the_files_that_hold_it() -> None:
    everything = task(40).examples
    data = TaskData(
        name="t", examples=everything, validation_examples=everything[:20], test_examples=everything[:10]
    )
    splits, _ = split_examples(data, SplitSizes(), 0)
    assert inputs(splits.test) == inputs(everything[:10])
    assert inputs(splits.validation) == inputs(everything[10:20])
    assert inputs(splits.demonstrations) <= inputs(everything[20:])


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
    tasks = task(5), task(6), task(5, 2), task(5, validation=2)
    assert len({fingerprint(each) for each in tasks}) == 4


def test_the_fingerprint_of_runs_that_began_before_is_still_theirs() -> None:
    old = "042188b2a477860ca49f42abbf81da2278936188aac862408d07fab5b2577865"
    assert fingerprint(task(2, 1)) == old


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
        retest=max(m.retest for m in methods),
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
        assert splits.retest == whole.retest[: wanted.retest]
        assert splits.validation == whole.validation[: wanted.validation]
        assert any("validation" in note for note in notes) is (len(splits.validation) < wanted.validation)
