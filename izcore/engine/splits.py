"""Divides a task's examples into demonstrations, validation and test: fixed, disjoint, never empty."""

import hashlib
import random

import msgspec

from izcore.config.schema import SplitSizes
from izcore.plugin.errors import DataError
from izcore.plugin.examples import Example, Splits, TaskData
from izcore.plugin.seeds import derive_seed

SMALLEST_SCORED_SPLIT = 5
"""Below this many examples a validation or test score says next to nothing."""


def split_examples(data: TaskData, sizes: SplitSizes, seed: int) -> tuple[Splits, tuple[str, ...]]:
    """Return the splits and notes about what was smaller than wanted.

    An input occurs once: repeated inputs are dropped, and those of the test examples leave the others.
    With too few examples the retest examples go first, then validation and test shrink, down to
    :data:`SMALLEST_SCORED_SPLIT` (or the size asked for, if that is smaller); below, DataError says how
    many examples are needed.
    """
    test_pool = _distinct(data.test_examples)
    sealed = {example.input for example in test_pool}
    pool = [example for example in _distinct(data.examples) if example.input not in sealed]
    draw = random.Random(derive_seed(seed, "splits"))
    draw.shuffle(pool)
    draw.shuffle(test_pool)

    demonstrations = sizes.demonstrations
    least_validation = min(sizes.validation, SMALLEST_SCORED_SPLIT)
    least_test = min(sizes.test, SMALLEST_SCORED_SPLIT)
    needed = demonstrations + least_validation + (0 if test_pool else least_test)
    if len(pool) < needed:
        raise DataError(
            f"{data.name}: {len(pool)} distinct examples are too few; at least {needed} are needed "
            f"({demonstrations} demonstrations, {least_validation} validation"
            + ("" if test_pool else f", {least_test} test")
            + ").",
            hint="Add examples, or lower splits.demonstrations.",
        )
    if test_pool and len(test_pool) < least_test:
        raise DataError(f"{data.name}: {len(test_pool)} test examples are too few; {least_test} are needed.")

    rest = len(pool) - demonstrations
    if test_pool:
        validation, test = min(sizes.validation, rest), test_pool[: sizes.test]
        retest = min(sizes.retest, rest - validation)
    else:
        # Validation may take half of what there is; the test split, whose numbers must be believed, the rest.
        validation = min(sizes.validation, max(least_validation, rest // 2), rest - least_test)
        retest = min(sizes.retest, max(0, rest // 2 - validation))
        test = pool[demonstrations + validation + retest :][: sizes.test]
    validation_examples = pool[demonstrations : demonstrations + validation]
    retest_examples = pool[demonstrations + validation :][:retest]
    splits = Splits(
        demonstrations=tuple(pool[:demonstrations]),
        validation=tuple(validation_examples),
        test=tuple(test),
        retest=tuple(retest_examples),
    )
    return splits, _notes(splits, sizes)


def cut_splits(splits: Splits, sizes: SplitSizes) -> tuple[Splits, tuple[str, ...]]:
    """Return the first demonstrations and validation examples of larger splits, and all test examples.

    Runs whose splits are cut from the same ones share their test examples, and where one has fewer of the
    others they are the first of them.
    """
    splits = msgspec.structs.replace(
        splits,
        demonstrations=splits.demonstrations[: sizes.demonstrations],
        validation=splits.validation[: sizes.validation],
        retest=splits.retest[: sizes.retest],
    )
    return splits, _notes(splits, sizes)


def _notes(splits: Splits, sizes: SplitSizes) -> tuple[str, ...]:
    return tuple(
        f"{name}: {len(got)} examples instead of {wanted}; the task has no more."
        for name, got, wanted in (
            ("validation", splits.validation, sizes.validation),
            ("retest", splits.retest, sizes.retest),
            ("test", splits.test, sizes.test),
        )
        if len(got) < wanted
    )


def fingerprint(data: TaskData) -> str:
    """Return a digest of a task's content (not of its notes), to notice that it changed since a run began."""
    content = msgspec.structs.replace(data, notes=())
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _distinct(examples: tuple[Example, ...]) -> list[Example]:
    return list({example.input: example for example in reversed(examples)}.values())[::-1]
