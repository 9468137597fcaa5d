"""Decoding of many prompts at once, greedily or by sampling, on any causal LM with ordinary attention.

What is saved, compared with one padded batch: a shared prefix is computed once per call, and on a cpu read
once per pass; rows are prefilled in groups of nearly equal length, so that hardly any padding is computed;
keys and values are written into reserved memory rather than copied at every pass; rows that are done leave
the batch; and the few that are left when a batch runs out take several tokens at a time where their text
repeats itself.
"""

from collections.abc import Collection, Sequence
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from izcore_transformers.decoding.batch import Batch
from izcore_transformers.decoding.endings import Decoded, Ending, IsComplete
from izcore_transformers.decoding.memory import memory_error, with_memory
from izcore_transformers.decoding.runner import Prefix, Runner, new_cache
from izcore_transformers.decoding.sampling import Sampling


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    *,
    prefix: Tensor | Prefix | None,
    rows: Sequence[Tensor],
    max_new_tokens: int,
    eos_token_ids: Collection[int],
    batch_size: int,
    stop: IsComplete | None = None,
    sampling: Sequence[Sampling | None] = (),
) -> list[Decoded]:
    """Go on after ``prefix`` + each row, as :class:`~izcore_transformers.decoding.engines.Engine` says.

    At most ``batch_size`` rows are decoded together; if memory runs out, half as many, down to one.
    Raises :class:`BackendError` if one row does not fit either, and for models that keep a recurrent
    state instead of keys and values.
    """
    ending = Ending(max_new_tokens, frozenset(eos_token_ids), stop)
    if batch_size < 1 or any(len(row) < 1 for row in rows):
        raise ValueError("batch_size must be at least 1, and a row needs at least one embedding")
    if not rows:
        return []
    runner = Runner(model)
    opening = rows[0][:0] if prefix is None else prefix
    shared = opening if isinstance(opening, Prefix) else runner.prefix(opening, max_new_tokens)
    draws = sampling or [None] * len(rows)
    results: dict[int, Decoded] = {}
    # The longest first: if memory is short, it shows at once.
    waiting = sorted(range(len(rows)), key=lambda index: len(rows[index]), reverse=True)
    while waiting:
        taken = waiting[:batch_size]
        batch_rows, batch_draws = [rows[index] for index in taken], [draws[index] for index in taken]
        decoded = with_memory(partial(_decoded, runner, shared, batch_rows, batch_draws, ending))
        if decoded is not None:
            results.update(zip(taken, decoded, strict=True))
            waiting = waiting[len(taken) :]
        elif len(taken) > 1:
            batch_size = len(taken) // 2
        else:
            raise memory_error(model, shared.length + len(batch_rows[0]), max_new_tokens)
    return [results[index] for index in range(len(rows))]


@torch.inference_mode()
def read_prefix(model: PreTrainedModel, embeddings: Tensor, max_new_tokens: int) -> Prefix:
    """Compute once what many calls of :func:`decode` begin with, ``embeddings`` [p, hidden].

    Raises :class:`BackendError` as :func:`decode` does.
    """
    return Runner(model).prefix(embeddings, max_new_tokens)


@torch.inference_mode()
def read(model: PreTrainedModel, *, prefix: Tensor | Prefix | None, rows: Tensor, kept: int) -> Tensor:
    """Return the logits [rows, kept, vocabulary] after the last ``kept`` tokens of each row.

    ``rows``, [rows, n, hidden], are of one length and follow ``prefix``.
    """
    runner = Runner(model)
    opening = rows[0][:0] if prefix is None else prefix
    shared = opening if isinstance(opening, Prefix) else runner.prefix(opening, 1)
    count, length, _ = rows.shape
    cache = new_cache()
    if not shared.apart:
        cache.layers.extend(layer.repeated(count, length) for layer in shared.layers)
    positions = torch.arange(shared.length, shared.length + length, device=runner.device).expand(count, -1)
    inputs = {"inputs_embeds": rows.to(runner.device, runner.dtype)}
    return runner.forward(cache, inputs, positions, None, shared, kept)


def _decoded(
    runner: Runner,
    prefix: Prefix,
    rows: Sequence[Tensor],
    sampling: Sequence[Sampling | None],
    ending: Ending,
) -> list[Decoded]:
    return Batch(runner, prefix, rows, sampling).decode(ending)
