"""Rows that are decoded together, pass by pass."""

from collections.abc import Sequence

import torch
from torch import Tensor

from izcore_transformers.decoding.drafting import draft, room_for_drafts
from izcore_transformers.decoding.endings import Decoded, Ending
from izcore_transformers.decoding.prefilling import prefilled
from izcore_transformers.decoding.runner import Prefix, Runner
from izcore_transformers.decoding.sampling import Sampler, Sampling


class Row:
    """What is written after one row of ``length`` tokens that the model has read."""

    def __init__(self, length: int, sampling: Sampling | None) -> None:
        self.length = length
        self.written: list[int] = []
        self.drafted: list[int] = []
        self.result: Decoded | None = None
        self._sampler = None if sampling is None else Sampler(sampling)

    def plan(self, room: int) -> None:
        """Guess up to ``room`` tokens, which the next pass checks."""
        self.drafted = draft(self.written, room) if self._sampler is None and room else []

    def take(self, logits: Tensor, likeliest: Sequence[int], ending: Ending) -> int:
        """Write what the pass gave, [its tokens, vocabulary], and return how many of its tokens count.

        The first was certain; a guessed one counts if the model chose it after the one before.
        """
        if self._sampler is not None:
            likeliest = [self._sampler.draw(logits[0])]
        for place, token in enumerate(likeliest[: len(self.drafted) + 1]):
            self.written.append(token)
            self.result = ending.of(self.written)
            right = place < len(self.drafted) and self.drafted[place] == token
            if self.result is not None or not right:
                break
        self.length += place + 1
        return place + 1


class Batch:
    """Rows [n, hidden] behind one prefix, the longest first, with the cache that they share.

    Within the cache every row is contiguous and ends at the last column, so that distances between columns
    are distances between tokens (sliding windows and ALiBi need that) and one mask serves all layers.
    """

    def __init__(
        self, runner: Runner, prefix: Prefix, rows: Sequence[Tensor], sampling: Sequence[Sampling | None]
    ) -> None:
        self._runner = runner
        self._prefix = prefix
        # The last embedding of each row is left to the first pass: it is the same work for every row.
        read = [prefix.length + len(row) - 1 for row in rows]
        self._rows = [Row(length, draw) for length, draw in zip(read, sampling, strict=True)]
        self._columns = max(read) - prefix.length + prefix.copied
        self._cache = prefilled(runner, prefix, [row[:-1] for row in rows], self._columns)
        last = torch.stack([row[-1:] for row in rows]).to(runner.device, runner.dtype)
        self._inputs = {"inputs_embeds": last}
        self._width = 1  # tokens of each row in the next pass

    def decode(self, ending: Ending) -> list[Decoded]:
        """Write until ``ending`` ends every row; results come in the order of the rows."""
        everyone = self._rows
        while self._rows:
            counted = self._pass(ending)
            self._keep_unfinished(counted)
            self._draft()
        return [row.result for row in everyone if row.result is not None]

    def _pass(self, ending: Ending) -> list[int]:
        """Run the model once, and return for each row how many tokens of the pass count."""
        prefix, width, device = self._prefix, self._width, self._runner.device
        self._columns += width
        lengths = torch.tensor([row.length for row in self._rows], device=device).unsqueeze(1)
        held = lengths - prefix.length + prefix.copied + width
        mask = (torch.arange(self._columns, device=device) >= self._columns - held).long()
        positions = lengths + torch.arange(width, device=device)
        logits = self._runner.forward(self._cache, self._inputs, positions, mask, prefix, kept=width)
        likeliest = logits.argmax(dim=-1).tolist()
        return [
            row.take(of_row, chosen, ending)
            for row, of_row, chosen in zip(self._rows, logits, likeliest, strict=True)
        ]

    def _keep_unfinished(self, counted: Sequence[int]) -> None:
        """Let go of rows that are done, and of columns that count for no row."""
        places = remaining_places([row.result is not None for row in self._rows])
        self._rows = [self._rows[place] for place in places]
        if not places:
            return
        kept = [counted[place] for place in places]
        self._columns -= self._width - max(kept)
        for layer in self._cache.layers:
            layer.keep_rows(places)
            # A row for which fewer tokens count than for others is moved to the end again.
            layer.end_at(self._columns, [max(kept) - count for count in kept])

    def _draft(self) -> None:
        """Choose what the next pass reads: of each row the last token, and guesses of those that follow."""
        for row in self._rows:
            row.plan(room_for_drafts(len(self._rows), self._runner.device.type))
        self._width = 1 + max((len(row.drafted) for row in self._rows), default=0)
        tokens = [[row.written[-1], *row.drafted] for row in self._rows]
        padded = [these + these[-1:] * (self._width - len(these)) for these in tokens]
        self._inputs = {"input_ids": torch.tensor(padded, device=self._runner.device)}


def remaining_places(done: Sequence[bool]) -> list[int]:
    """Return where each remaining row stands; the last ones take the places of those that are done.

    As many rows as possible stay where they are, so that little is copied.
    """
    remaining = done.count(False)
    last = (place for place in range(remaining, len(done)) if not done[place])
    return [next(last) if done[place] else place for place in range(remaining)]
