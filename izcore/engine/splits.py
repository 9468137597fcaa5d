"""Divides a task's examples into demonstrations, validation and test: fixed, disjoint, never empty."""

import hashlib
import random
from collections.abc import Mapping, Sequence

import msgspec

from izcore.config.schema import SplitSizes
from izcore.engine.stratification import cut, cut_stratified, has_labels
from izcore.plugin.errors import DataError
from izcore.plugin.examples import Example, Splits, TaskData
from izcore.plugin.seeds import derive_seed

SMALLEST_SCORED_SPLIT = 5
"""Below this many examples a validation or test score says next to nothing."""


def split_examples(data: TaskData, sizes: SplitSizes, seed: int) -> tuple[Splits, tuple[str, ...]]:
    """Return the splits and notes about what was smaller than wanted.

    An input occurs once: repeated inputs are dropped, those of the test examples leave the others, and those
    of the validation examples the rest. Validation and retest come from the task's validation examples where
    it has some, and the test from its test examples; what has none of its own shares the rest. No example
    stays unused that a split still wants from where it lies.

    With too few examples the retest examples go first, then validation and test shrink, down to
    :data:`SMALLEST_SCORED_SPLIT` (or the size asked for, if that is smaller), then the demonstrations, down
    to one; below, DataError says how many examples are needed.
    """
    test, validation, pool = _disjoint(data.test_examples, data.validation_examples, data.examples)
    draw = random.Random(derive_seed(seed, "splits"))
    for examples in (pool, test, validation):
        draw.shuffle(examples)
    fitting = _fit(data.name, sizes, pool=len(pool), validation_pool=len(validation), test_pool=len(test))
    sources = {
        "demonstrations": pool,
        "validation": validation or pool,
        "retest": validation or pool,
        "test": test or pool,
    }
    stratified = sizes.stratified and has_labels((*pool, *validation, *test), sizes.validation)
    parts: dict[str, tuple[Example, ...]] = {}
    for examples in (pool, validation, test):
        names = [name for name, source in sources.items() if source is examples]
        wanted = [getattr(fitting, name) for name in names]
        divided = cut_stratified(examples, wanted, draw) if stratified else cut(examples, wanted)
        parts |= zip(names, divided, strict=True)
    splits = Splits(**parts)
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
            ("demonstrations", splits.demonstrations, sizes.demonstrations),
            ("validation", splits.validation, sizes.validation),
            ("retest", splits.retest, sizes.retest),
            ("test", splits.test, sizes.test),
        )
        if len(got) < wanted
    )


def fingerprint(data: TaskData) -> str:
    """Return a digest of a task's content (not of its notes), to notice that it changed since a run began."""
    content = msgspec.to_builtins(msgspec.structs.replace(data, notes=()))
    if not data.validation_examples:
        del content["validation_examples"]  # runs began before tasks could have them
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def _disjoint(*groups: Sequence[Example]) -> list[list[Example]]:
    """Return the examples of each group whose input no other of it and no earlier group has."""
    seen: set[str] = set()
    disjoint = []
    for examples in groups:
        fresh = [example for example in reversed(examples) if example.full_input not in seen]
        distinct = {example.full_input: example for example in fresh}
        seen |= distinct.keys()
        disjoint.append(list(distinct.values())[::-1])
    return disjoint


def _fit(name: str, sizes: SplitSizes, *, pool: int, validation_pool: int, test_pool: int) -> SplitSizes:
    """Return the sizes that so many examples allow; a pool of none has its splits taken from ``pool``."""
    least_validation = min(sizes.validation, SMALLEST_SCORED_SPLIT)
    least_test = min(sizes.test, SMALLEST_SCORED_SPLIT)
    shared = {
        "validation": 0 if validation_pool else least_validation,
        "test": 0 if test_pool else least_test,
    }
    _check_number(name, "distinct", pool, {"demonstration": 1, **shared})
    if validation_pool:
        _check_number(name, "validation", validation_pool, {"validation": least_validation})
    if test_pool:
        _check_number(name, "test", test_pool, {"test": least_test})

    demonstrations = min(sizes.demonstrations, pool - sum(shared.values()))
    rest = pool - demonstrations
    if test_pool or validation_pool:
        test = min(sizes.test, test_pool or rest)
        searched = validation_pool or rest
    else:
        # The search may take half of what there is, the test, whose numbers must be believed, the other half;
        # what one of them does not want is the other's.
        test = min(sizes.test, max(least_test, rest - rest // 2))
        searched = rest - test
    validation = min(sizes.validation, searched)
    retest = min(sizes.retest, searched - validation)
    if not test_pool and not validation_pool:
        test = min(sizes.test, rest - validation - retest)
    return SplitSizes(demonstrations=demonstrations, validation=validation, retest=retest, test=test)


def _check_number(name: str, kind: str, count: int, needed: Mapping[str, int]) -> None:
    """Raise DataError if there are fewer examples than the parts that they are for need together."""
    least = sum(needed.values())
    if count < least:
        parts = ", ".join(f"{number} {part}" for part, number in needed.items() if number)
        raise DataError(
            f"{name}: {count} {kind} examples are too few; at least {least} are needed ({parts}).",
            hint="Add examples.",
        )
