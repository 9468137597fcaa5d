"""Splits of labelled examples hold each label as evenly as they can; other splits are drawn at random."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.config.schema import SplitSizes
from izcore.engine.splits import cut_splits, split_examples
from izcore.plugin.examples import Example, Splits, TaskData


def labelled(counts: dict[str, int], start: int = 0) -> tuple[Example, ...]:
    targets = [label for label, count in counts.items() for _ in range(count)]
    return tuple(Example(input=f"i{n}", targets=(target,)) for n, target in enumerate(targets, start))


def shares(examples: tuple[Example, ...]) -> Counter[str]:
    return Counter(example.targets[0] for example in examples)


def parts(splits: Splits) -> tuple[tuple[Example, ...], ...]:
    return splits.demonstrations, splits.validation, splits.retest, splits.test


@given(
    counts=st.lists(st.integers(1, 90), min_size=2, max_size=8),
    sizes=st.builds(
        SplitSizes,
        demonstrations=st.integers(1, 9),
        validation=st.integers(8, 40),
        retest=st.integers(0, 40),
        test=st.integers(1, 60),
    ),
    seed=st.integers(0, 3),
)
def test_each_split_has_its_share_of_each_label(counts: list[int], sizes: SplitSizes, seed: int) -> None:
    total = sum(counts)
    if total < max(5 * len(counts), 20):
        return
    examples = labelled({f"label {n}": count for n, count in enumerate(counts)})
    splits, _ = split_examples(TaskData(name="t", examples=examples), sizes, seed)
    for part in parts(splits):
        held = shares(part)
        for number, count in enumerate(counts):
            share = count * len(part) / total
            assert math.floor(share) <= held[f"label {number}"] <= math.floor(share) + 1
    assert splits == split_examples(TaskData(name="t", examples=examples), sizes, seed)[0]


@pytest.mark.parametrize("seed", range(5))
def test_equal_labels_are_equal_in_every_split_and_in_its_beginning(seed: int) -> None:
    data = TaskData(name="t", examples=labelled({"yes": 60, "no": 60, "maybe": 60}))
    sizes = SplitSizes(demonstrations=5, validation=20, retest=20, test=60)
    splits, _ = split_examples(data, sizes, seed)
    smaller, _ = cut_splits(splits, SplitSizes(demonstrations=3, validation=6, retest=10, test=60))
    for part in (*parts(splits), *parts(smaller)):
        held = [shares(part)[label] for label in ("yes", "no", "maybe")]
        assert max(held) - min(held) <= 1


def test_files_of_their_own_are_stratified_alike() -> None:
    data = TaskData(
        name="t",
        examples=labelled({"yes": 50, "no": 10}),
        validation_examples=labelled({"yes": 30, "no": 30}, start=100),
        test_examples=labelled({"yes": 10, "no": 30}, start=200),
    )
    splits, _ = split_examples(data, SplitSizes(validation=20, retest=10, test=20), 1)
    assert shares(splits.validation) == {"yes": 10, "no": 10}
    assert shares(splits.retest) == {"yes": 5, "no": 5}
    assert shares(splits.test) == {"yes": 5, "no": 15}


def test_the_seed_decides_which_examples_of_a_label_go_where() -> None:
    data = TaskData(name="t", examples=labelled({"yes": 60, "no": 60}))
    one, two = (split_examples(data, SplitSizes(test=20), seed)[0] for seed in (1, 2))
    assert {e.input for e in one.test} != {e.input for e in two.test}


@pytest.mark.parametrize(
    ("targets", "why"),
    [
        ({f"text {n}": 1 for n in range(100)}, "free text"),
        ({f"word {n}": 4 for n in range(15)}, "words that come up a few times"),
        ({f"number {n}": 20 for n in range(50)}, "more than a split can hold each of"),
    ],
)
def test_targets_that_are_no_labels_do_not_matter(targets: dict[str, int], why: str) -> None:
    data = TaskData(name="t", examples=labelled(targets))
    plain = SplitSizes(stratified=False)
    assert split_examples(data, SplitSizes(), 3)[0] == split_examples(data, plain, 3)[0], why


def test_stratifying_can_be_left_out() -> None:
    data = TaskData(name="t", examples=labelled({"yes": 90, "no": 90}))
    drawn = {
        tuple(shares(split_examples(data, SplitSizes(stratified=False), seed)[0].validation).values())
        for seed in range(8)
    }
    assert len(drawn) > 2
