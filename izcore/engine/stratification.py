"""Divides examples at random; those with labels so that each part holds each label as evenly as it can."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from izcore.plugin.examples import Example

_Label = tuple[str, ...]
_Parts = list[tuple[Example, ...]]

EXAMPLES_PER_LABEL = 5
"""Where labels have fewer examples than this on average, targets are taken for free text."""


def has_labels(examples: Sequence[Example], most: int) -> bool:
    """Say whether the targets are a closed set of labels: two to ``most``, met again and again."""
    labels = {example.targets for example in examples}
    return 2 <= len(labels) <= min(most, len(examples) // EXAMPLES_PER_LABEL)


def cut(examples: Sequence[Example], sizes: Iterable[int]) -> _Parts:
    """Return the first examples, the next, and so on, as many as ``sizes`` says."""
    parts, start = [], 0
    for size in sizes:
        parts.append(tuple(examples[start : start + size]))
        start += size
    return parts


def cut_stratified(examples: Sequence[Example], sizes: Sequence[int], draw: random.Random) -> _Parts:
    """Return parts of these sizes, each with its share of each label, up to one example more or less.

    Within a part the labels take turns, so that the first examples of a part are divided alike, too.
    ``examples`` come in random order.
    """
    by_label: dict[_Label, list[Example]] = defaultdict(list)
    for example in examples:
        by_label[example.targets].append(example)
    counts = {label: len(same) for label, same in by_label.items()}
    parts = []
    for quota in _quotas(counts, [*sizes, len(examples) - sum(sizes)])[: len(sizes)]:
        taken = {label: [by_label[label].pop(0) for _ in range(count)] for label, count in quota.items()}
        parts.append(_taking_turns(taken, draw))
    return parts


def _quotas(counts: dict[_Label, int], sizes: Sequence[int]) -> list[dict[_Label, int]]:
    """Return how many examples of each label go into each part, where the parts take all there are.

    Each gets its share rounded down. Of what is left, the labels with most left go first, one example each:
    that always works out (Havel and Hakimi's construction for tables of zeros and ones).
    """
    total = sum(counts.values())
    quotas = [{label: count * size // total for label, count in counts.items()} for size in sizes]
    left = {label: count - sum(quota[label] for quota in quotas) for label, count in counts.items()}
    for quota, size in zip(quotas, sizes, strict=True):

        def claim(label: _Label, size: int = size) -> tuple[int, int]:
            return left[label], counts[label] * size % total

        for label in sorted(counts, key=claim, reverse=True)[: size - sum(quota.values())]:
            quota[label] += 1
            left[label] -= 1
    return quotas


def _taking_turns(by_label: dict[_Label, list[Example]], draw: random.Random) -> tuple[Example, ...]:
    """Return all examples in an order in which the next has the label that is most behind its share."""
    labels = [label for label, same in by_label.items() if same]
    draw.shuffle(labels)
    total = sum(map(len, by_label.values()))
    taken: Counter[_Label] = Counter()
    order = []
    for place in range(1, total + 1):
        label = max(labels, key=lambda one: place * len(by_label[one]) - total * taken[one])
        order.append(by_label[label][taken[label]])
        taken[label] += 1
    return tuple(order)
