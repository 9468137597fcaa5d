"""Decoding of many prompts at once, greedily or by sampling, on any causal LM of transformers.

What is saved, compared with one padded batch: a shared prefix is computed once per call, and on a cpu read
once per step; rows are prefilled in groups of nearly equal length, so that hardly any padding is computed;
keys and values are written into reserved memory rather than copied at every step; rows that are done leave
the batch; and the few that are left when a batch runs out take several tokens at a time where their text
repeats itself.

Within the cache every row is contiguous and ends at the last column, so that distances between columns
are distances between tokens (sliding windows and ALiBi need that) and one mask serves all layers.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from izcore_transformers.decoding.drafting import draft, room_for_drafts
from izcore_transformers.decoding.memory import memory_error, with_memory
from izcore_transformers.decoding.prefilling import prefilled
from izcore_transformers.decoding.runner import Prefix, Runner


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
    prefix: Tensor | Prefix | None,
    rows: Sequence[Tensor],
    max_new_tokens: int,
    eos_token_ids: Collection[int],
    batch_size: int,
    stop: Callable[[Sequence[int]], bool] | None = None,
    sampling: Sequence[Sampling | None] = (),
) -> list[Decoded]:
    """Go on after ``prefix`` + each row; results come in the order of ``rows``.

    Greedily, but for rows that have an entry in ``sampling`` (empty, or one for each row).

    ``prefix`` is [p, hidden], what :func:`read_prefix` made of it, or None; each row is [n, hidden] with
    its own n >= 1; both hold input embeddings as ``model.get_input_embeddings()`` returns them. ``stop``
    sees the tokens so far of a row and ends it by returning True; the token that made it true is kept.

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
    runner = Runner(model)
    ending = _Ending(max_new_tokens, frozenset(eos_token_ids), stop)
    opening = rows[0][:0] if prefix is None else prefix
    shared = opening if isinstance(opening, Prefix) else runner.prefix(opening, max_new_tokens)
    results: dict[int, Decoded] = {}
    # The longest first: if memory is short, it shows at once.
    waiting = sorted(range(len(rows)), key=lambda index: len(rows[index]), reverse=True)
    while waiting:
        batch = waiting[:batch_size]
        batch_rows = [rows[index] for index in batch]
        draws = [sampling[index] for index in batch]
        decoded = with_memory(partial(_decode_batch, runner, shared, batch_rows, draws, ending))
        if decoded is not None:
            results.update(zip(batch, decoded, strict=True))
            waiting = waiting[len(batch) :]
        elif len(batch) > 1:
            batch_size = len(batch) // 2
        else:
            raise memory_error(model, shared.length + len(batch_rows[0]), max_new_tokens)
    return [results[index] for index in range(len(rows))]


@torch.inference_mode()
def read_prefix(model: PreTrainedModel, embeddings: Tensor, max_new_tokens: int) -> Prefix:
    """Compute once what many calls of :func:`decode` begin with, ``embeddings`` [p, hidden].

    Raises :class:`BackendError` as :func:`decode` does.
    """
    return Runner(model).prefix(embeddings, max_new_tokens)


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


class _Row:
    """What is written after one row of ``length`` tokens that the model has read."""

    def __init__(self, length: int, sampling: Sampling | None) -> None:
        self.length = length
        self.written: list[int] = []
        self.drafted: list[int] = []
        self.result: Decoded | None = None
        self._sampling = sampling
        # On the CPU, so that a seed means the same on every device.
        self._generator = None if sampling is None else torch.Generator().manual_seed(sampling.seed)

    def plan(self, room: int) -> None:
        """Guess up to ``room`` tokens, which the next pass checks."""
        self.drafted = draft(self.written, room) if self._sampling is None and room else []

    def take(self, logits: Tensor, likeliest: Sequence[int], ending: _Ending) -> int:
        """Write what the pass gave, [its tokens, vocabulary], and return how many of its tokens count.

        The first was certain; a guessed one counts if the model chose it after the one before.
        """
        if self._sampling is not None:
            chances = torch.softmax(logits[0].float().cpu() / self._sampling.temperature, dim=-1)
            likeliest = [int(torch.multinomial(chances, 1, generator=self._generator))]
        for place, token in enumerate(likeliest[: len(self.drafted) + 1]):
            self.written.append(token)
            self.result = ending.of(self.written)
            right = place < len(self.drafted) and self.drafted[place] == token
            if self.result is not None or not right:
                break
        self.length += place + 1
        return place + 1


def _decode_batch(
    runner: Runner,
    prefix: Prefix,
    rows: Sequence[Tensor],
    sampling: Sequence[Sampling | None],
    ending: _Ending,
) -> list[Decoded]:
    """Decode ``rows``, the longest first, all together."""
    # The last embedding of each row is left to the first step: it is the same work for every row.
    read = [prefix.length + len(row) - 1 for row in rows]
    everyone = [_Row(length, draw) for length, draw in zip(read, sampling, strict=True)]
    columns = max(read) - prefix.length + prefix.copied
    cache = prefilled(runner, prefix, [row[:-1] for row in rows], columns)
    inputs = {"inputs_embeds": torch.stack([row[-1:] for row in rows]).to(runner.device, runner.dtype)}
    active = everyone
    width = 1  # tokens of each row in the next pass
    while True:
        columns += width
        lengths = torch.tensor([row.length for row in active], device=runner.device).unsqueeze(1)
        after = torch.arange(columns, device=runner.device)
        held = lengths - prefix.length + prefix.copied + width
        positions = lengths + torch.arange(width, device=runner.device)
        mask = (after >= columns - held).long()
        logits = runner.forward(cache, inputs, positions, mask, prefix, kept=width)
        likeliest = logits.argmax(dim=-1).tolist()
        counted = [
            row.take(of_row, chosen, ending)
            for row, of_row, chosen in zip(active, logits, likeliest, strict=True)
        ]
        places = _remaining_places([row.result is not None for row in active])
        if not places:
            return [row.result for row in everyone if row.result is not None]
        for layer in cache.layers:
            layer.keep_rows(places)
        active, counted = [active[place] for place in places], [counted[place] for place in places]
        # Columns that count for no row are dropped; a row for which fewer count is moved to the end again.
        columns -= width - max(counted)
        for layer in cache.layers:
            layer.end_at(columns, [max(counted) - count for count in counted])
        for row in active:
            row.plan(room_for_drafts(len(active), runner.device.type))
        width = 1 + max(len(row.drafted) for row in active)
        tokens = [[row.written[-1], *row.drafted] for row in active]
        inputs = {
            "input_ids": torch.tensor(
                [these + these[-1:] * (width - len(these)) for these in tokens], device=runner.device
            )
        }


def _remaining_places(done: Sequence[bool]) -> list[int]:
    """Return where each remaining row stands; the last ones take the places of those that are done.

    As many rows as possible stay where they are, so that little is copied.
    """
    remaining = done.count(False)
    last = (place for place in range(remaining, len(done)) if not done[place])
    return [next(last) if done[place] else place for place in range(remaining)]
