"""The cache of a batch of rows, computed in groups of nearly equal length."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from transformers.cache_utils import Cache

from izcore_transformers.decoding.reserved_cache import ReservedLayer, reserve
from izcore_transformers.decoding.runner import Prefix, Runner, new_cache

GROUP_OVERHEAD = {"cpu": 48, "cuda": 2048}
"""Tokens that could be prefilled in the time that one more forward pass costs (reading the weights,
launching kernels), by device type. On cpu measured with SmolLM2-135M; elsewhere passes are dear."""

GROUP_TOKENS = {"cpu": 512, "cuda": 16384}
"""Tokens of one prefill pass at most, by device type: larger activations fall out of a cpu's cache, and
take memory on a GPU."""


def prefilled(runner: Runner, prefix: Prefix, rows: Sequence[Tensor], columns: int) -> Cache:
    """Return a cache of all of ``rows``, the longest first, each ending at ``columns``.

    Rows are [n, hidden] with their own n >= 0. The cache has no layers if nothing is to be computed.
    """
    cache = new_cache()
    padding = columns - prefix.copied - min(len(row) for row in rows)
    for first, last in groups([len(row) for row in rows], runner.device.type):
        group = rows[first:last]
        layers = _prefilled_group(runner, prefix, group)
        if not cache.layers:
            for layer in layers:
                keys, values = (reserve(part, columns, len(rows)) for part in layer.room)
                for part in (keys, values):
                    part[:, :, :padding] = 0  # masked, but 0 times the infinity that may lie there is not 0
                cache.layers.append(ReservedLayer((keys, values), columns))
        for begin, end in _equal_runs([len(row) for row in group]):
            length = prefix.copied + len(group[begin])
            if length == 0:
                continue  # its keys and values begin with the next step
            for into, layer in zip(cache.layers, layers, strict=True):
                for room, part in zip(into.room, layer.room, strict=True):
                    room[first + begin : first + end, :, columns - length : columns] = part[
                        begin:end, :, :length
                    ]
    return cache


def groups(lengths: Sequence[int], device: str) -> list[tuple[int, int]]:
    """Cut rows, the longest first, into the ranges whose prefill costs least.

    A range costs its padded tokens and :data:`GROUP_OVERHEAD`.
    """
    overhead = GROUP_OVERHEAD.get(device, GROUP_OVERHEAD["cuda"])
    most = GROUP_TOKENS.get(device, GROUP_TOKENS["cuda"])
    cheapest: list[tuple[int, int]] = [(0, 0)]  # cost of the first n rows, and where their last range begins
    for end in range(1, len(lengths) + 1):
        options = []
        for begin in range(end - 1, -1, -1):
            tokens = (end - begin) * lengths[begin]
            if tokens > most and end - begin > 1:
                break
            options.append((cheapest[begin][0] + tokens + overhead, begin))
        cheapest.append(min(options))
    ranges = []
    end = len(lengths)
    while end:
        begin = cheapest[end][1]
        ranges.append((begin, end))
        end = begin
    return ranges[::-1]


def _prefilled_group(runner: Runner, prefix: Prefix, group: Sequence[Tensor]) -> Sequence[ReservedLayer]:
    """Return the layers of each row of ``group``, padded behind, with the prefix if rows hold copies of it.

    Padding behind a row changes nothing before it, so no mask is needed; nobody reads its columns.
    """
    padded = torch.nn.utils.rnn.pad_sequence(list(group), batch_first=True)
    cache = new_cache()
    if not prefix.apart:
        cache.layers.extend(layer.repeated(*padded.shape[:2]) for layer in prefix.layers)
    if padded.shape[1]:
        runner.prefill(cache, padded, prefix)
    layers: Sequence[ReservedLayer] = cache.layers
    return layers


def _equal_runs(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges in which neighbouring values are equal."""
    begin = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[begin]:
            yield begin, end
            begin = end
