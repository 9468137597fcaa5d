"""Decoding of many prompts at once, greedily or by sampling, on any causal LM of transformers.

What is saved, compared with one padded batch: a shared prefix is computed once per call; rows are
prefilled in groups of nearly equal length, so that hardly any padding is computed; keys and values are
written into reserved memory rather than copied at every step; rows that are done leave the batch.

Within the cache every row is contiguous and ends at the last column, so that distances between columns
are distances between tokens (sliding windows and ALiBi need that) and one mask serves all layers.
"""

import inspect
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.cache_utils import Cache, DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from izcore.plugin import BackendError
from izcore_transformers.reserved_cache import ReservedLayer, reserve

Result = TypeVar("Result")

GROUP_OVERHEAD = {"cpu": 48, "cuda": 2048}
"""Tokens that could be prefilled in the time that one more forward pass costs (reading the weights,
launching kernels), by device type. On cpu measured with SmolLM2-135M; elsewhere passes are dear."""

GROUP_TOKENS = {"cpu": 512, "cuda": 16384}
"""Tokens of one prefill pass at most, by device type: larger activations fall out of a cpu's cache, and
take memory on a GPU."""


@dataclass(frozen=True)
class Decoded:
    """The tokens written after one row, without end-of-sequence, and why they end there.

    ``finish`` is ``stop`` for an end-of-sequence token or a stop rule, ``length`` for a cut.
    """

    token_ids: tuple[int, ...]
    finish: Literal["stop", "length"]


@dataclass(frozen=True)
class Sampling:
    """How a row's tokens are drawn: at a ``temperature`` > 0, from a ``seed`` that is the row's own."""

    temperature: float
    seed: int


@torch.inference_mode()
def decode(
    model: PreTrainedModel,
    *,
    prefix: Tensor | None,
    rows: Sequence[Tensor],
    max_new_tokens: int,
    eos_token_ids: Collection[int],
    batch_size: int,
    stop: Callable[[Sequence[int]], bool] | None = None,
    sampling: Sequence[Sampling | None] = (),
) -> list[Decoded]:
    """Go on after ``prefix`` + each row; results come in the order of ``rows``.

    Greedily, but for rows that have an entry in ``sampling`` (empty, or one for each row).

    ``prefix`` is [p, hidden], or None; each row is [n, hidden] with its own n >= 1; both hold input
    embeddings as ``model.get_input_embeddings()`` returns them. ``stop`` sees the tokens so far of a
    row and ends it by returning True; the token that made it true is kept.

    A row's tokens do not depend on the rows beside it, up to ties: kernels for other batch shapes round
    differently in the last bit, which decides only between two tokens of equal probability.

    At most ``batch_size`` rows are decoded together; if memory runs out, half as many, down to one.
    Raises :class:`BackendError` if one row does not fit either, and for models that keep a recurrent
    state instead of keys and values.
    """
    if max_new_tokens < 1 or batch_size < 1:
        raise ValueError("max_new_tokens and batch_size must be at least 1")
    if any(len(row) < 1 for row in rows):
        raise ValueError("a row needs at least one embedding")
    if not rows:
        return []
    if not sampling:
        sampling = [None] * len(rows)
    runner = _Runner(model)
    ending = _Ending(max_new_tokens, frozenset(eos_token_ids), stop)
    opening = rows[0][:0] if prefix is None else prefix
    shared = _with_memory(lambda: runner.prefill(opening) if len(opening) else [])
    if shared is None:
        raise _memory_error(model, len(opening), max_new_tokens)
    results: dict[int, Decoded] = {}
    # The longest first: if memory is short, it shows at once.
    waiting = sorted(range(len(rows)), key=lambda index: len(rows[index]), reverse=True)
    while waiting:
        batch = waiting[:batch_size]
        batch_rows = [rows[index] for index in batch]
        draws = [sampling[index] for index in batch]
        decoded = _with_memory(partial(_decode_batch, runner, shared, batch_rows, draws, ending))
        if decoded is not None:
            results.update(zip(batch, decoded, strict=True))
            waiting = waiting[len(batch) :]
        elif len(batch) > 1:
            batch_size = len(batch) // 2
        else:
            raise _memory_error(model, len(opening) + len(batch_rows[0]), max_new_tokens)
    return [results[index] for index in range(len(rows))]


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer, by the model's generation settings and its tokenizer."""
    ends = model.generation_config.eos_token_id
    ids = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
    return frozenset(token for token in ids if token is not None)


@dataclass(frozen=True)
class _Ending:
    max_new_tokens: int
    eos_token_ids: frozenset[int]
    stop: Callable[[Sequence[int]], bool] | None

    def of(self, tokens: list[int]) -> Decoded | None:
        """Return the result if ``tokens`` (end-of-sequence included) are complete, else None."""
        if tokens[-1] in self.eos_token_ids:
            return Decoded(tuple(tokens[:-1]), "stop")
        if self.stop is not None and self.stop(tokens):
            return Decoded(tuple(tokens), "stop")
        if len(tokens) >= self.max_new_tokens:
            return Decoded(tuple(tokens), "length")
        return None


class _Runner:
    """One model, called the way that its forward method allows."""

    def __init__(self, model: PreTrainedModel) -> None:
        kinds = {type(layer) for layer in DynamicCache(config=model.config).layers}
        if not kinds <= {DynamicLayer, DynamicSlidingWindowLayer}:
            raise BackendError(
                f"{type(model).__name__} remembers its text otherwise than as keys and values "
                f"({', '.join(sorted(kind.__name__ for kind in kinds))}), so that rows of different "
                "length cannot share a batch.",
                hint="Use a transformer model with ordinary attention.",
            )
        self._model = model
        self._accepted = frozenset(inspect.signature(model.forward).parameters)
        embedding = model.get_input_embeddings().weight
        self.device, self.dtype = embedding.device, embedding.dtype

    def prefill(self, embeddings: Tensor, past: Cache | None = None) -> list[ReservedLayer]:
        """Return the cache's layers after ``embeddings`` ([n, hidden] or [rows, n, hidden])."""
        cache = Cache(layer_class_to_replicate=ReservedLayer) if past is None else past
        batch = embeddings.to(self.device, self.dtype).reshape(-1, *embeddings.shape[-2:])
        first = cache.get_seq_length()
        positions = torch.arange(first, first + batch.shape[1], device=self.device).unsqueeze(0)
        self.forward(cache, positions.expand(batch.shape[0], -1), None, inputs_embeds=batch)
        return list(cache.layers)

    def forward(self, cache: Cache, positions: Tensor, mask: Tensor | None, **inputs: Tensor) -> Tensor:
        """Return the logits [rows, vocabulary] after the last column."""
        optional = {"position_ids": positions, "logits_to_keep": 1}
        extra = {name: value for name, value in optional.items() if name in self._accepted}
        output = self._model(**inputs, **extra, attention_mask=mask, past_key_values=cache, use_cache=True)
        logits: Tensor = output.logits[:, -1]
        return logits


def _decode_batch(
    runner: _Runner,
    shared: list[ReservedLayer],
    rows: Sequence[Tensor],
    sampling: Sequence[Sampling | None],
    ending: _Ending,
) -> list[Decoded]:
    """Decode ``rows``, the longest first, all together."""
    shared_length = shared[0].used if shared else 0
    # The last embedding of each row is left to the first step: it is the same work for every row.
    lengths = [shared_length + len(row) - 1 for row in rows]
    columns = max(lengths)
    cache = _prefilled(runner, shared, rows, columns)
    device = runner.device
    mask = torch.zeros((len(rows), columns + ending.max_new_tokens), dtype=torch.long, device=device)
    for index, length in enumerate(lengths):
        mask[index, columns - length :] = 1
    positions = torch.tensor(lengths, device=device).unsqueeze(1)
    inputs = {"inputs_embeds": torch.stack([row[-1:] for row in rows]).to(device, runner.dtype)}
    active = list(range(len(rows)))
    # On the CPU, so that a seed means the same on every device.
    generators = [None if draw is None else torch.Generator().manual_seed(draw.seed) for draw in sampling]
    written: list[list[int]] = [[] for _ in rows]
    results: dict[int, Decoded] = {}
    while True:
        columns += 1
        logits = runner.forward(cache, positions, mask[:, :columns], **inputs)
        chosen = logits.argmax(dim=-1)
        for place, index in enumerate(active):
            draw = sampling[index]
            if draw is not None:
                chances = torch.softmax(logits[place].float().cpu() / draw.temperature, dim=-1)
                chosen[place] = torch.multinomial(chances, 1, generator=generators[index])[0]
        for index, token in zip(active, chosen.tolist(), strict=True):
            written[index].append(token)
            result = ending.of(written[index])
            if result is not None:
                results[index] = result
        if len(results) == len(rows):
            return [results[index] for index in range(len(rows))]
        places = _remaining_places([index in results for index in active])
        if len(places) < len(active):
            for layer in cache.layers:
                layer.keep_rows(places)
            mask, positions, chosen = mask[places], positions[places], chosen[places]
            active = [active[place] for place in places]
        positions = positions + 1
        inputs = {"input_ids": chosen.unsqueeze(1)}


def _remaining_places(done: Sequence[bool]) -> list[int]:
    """Return where each remaining row stands; the last ones take the places of those that are done.

    As many rows as possible stay where they are, so that little is copied.
    """
    remaining = done.count(False)
    last = (place for place in range(remaining, len(done)) if not done[place])
    return [next(last) if done[place] else place for place in range(remaining)]


def _prefilled(runner: _Runner, shared: list[ReservedLayer], rows: Sequence[Tensor], columns: int) -> Cache:
    """Return a cache of all rows but their last embedding, each row ending at ``columns``."""
    cache = Cache(layer_class_to_replicate=ReservedLayer)
    shared_length = shared[0].used if shared else 0
    padding = columns - shared_length - min(len(row) - 1 for row in rows)
    for first, last in _groups([len(row) - 1 for row in rows], runner.device.type):
        group = [row[:-1] for row in rows[first:last]]
        layers = _prefilled_group(runner, shared, group)
        if not cache.layers:
            for layer in layers:
                keys, values = (reserve(part, columns, len(rows)) for part in layer.room)
                for part in (keys, values):
                    part[:, :, :padding] = 0  # masked, but 0 times the infinity that may lie there is not 0
                cache.layers.append(ReservedLayer((keys, values), columns))
        for begin, end in _equal_runs([len(row) for row in group]):
            length = shared_length + len(group[begin])
            if length == 0:
                continue  # without a prefix, a row of one embedding has nothing to prefill
            for into, layer in zip(cache.layers, layers, strict=True):
                for room, part in zip(into.room, layer.room, strict=True):
                    room[first + begin : first + end, :, columns - length : columns] = part[
                        begin:end, :, :length
                    ]
    return cache


def _prefilled_group(
    runner: _Runner, shared: list[ReservedLayer], group: Sequence[Tensor]
) -> list[ReservedLayer]:
    """Return the layers after ``shared`` and each row of ``group``, padded behind.

    Padding behind a row changes nothing before it, so no mask is needed; nobody reads its columns.
    """
    padded = torch.nn.utils.rnn.pad_sequence(list(group), batch_first=True)
    past = Cache(layer_class_to_replicate=ReservedLayer)
    past.layers.extend(layer.repeated(*padded.shape[:2]) for layer in shared)
    return runner.prefill(padded, past) if padded.shape[1] else list(past.layers)


def _groups(lengths: Sequence[int], device: str) -> list[tuple[int, int]]:
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


def _equal_runs(values: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges in which neighbouring values are equal."""
    begin = 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[end] != values[begin]:
            yield begin, end
            begin = end


def _with_memory(work: Callable[[], Result]) -> Result | None:
    """Return what ``work`` returns, or None if memory ran out, after freeing what it held."""
    try:
        return work()
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    # Outside the handler, where the error's traceback no longer holds the tensors of the failed attempt.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return any(phrase in text for phrase in ("out of memory", "can't allocate memory", "not enough memory"))


def _memory_error(model: PreTrainedModel, tokens: int, max_new_tokens: int) -> BackendError:
    return BackendError(
        f"Memory ran out while {type(model).__name__} decoded a single prompt of {tokens} tokens "
        f"and up to {max_new_tokens} new ones.",
        hint="Use a smaller model, fewer new tokens, shorter prompts, or a device with more memory.",
    )
