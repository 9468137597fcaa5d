"""A key-value cache that writes into reserved memory."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor
from transformers.cache_utils import DynamicLayer

RESERVED_COLUMNS = 32
"""Tokens that cache memory is reserved for at a time."""


class ReservedLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of one layer, [rows, heads, columns, size] each, with room for tokens to come.

    A step then writes its token, where ``DynamicLayer`` copies all that went before. ``room`` is the
    reserved memory, of which the first ``used`` columns hold tokens.
    """

    def __init__(self, room: tuple[Tensor, Tensor] | None = None, used: int = 0) -> None:
        super().__init__()
        self.used = used
        if room is not None:
            self.dtype, self.device = room[0].dtype, room[0].device
            self.room = room
            self.is_initialized = True
            self._show()

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Append states and return all of them, those appended last."""
        end = self.used + key_states.shape[-2]
        if not self.is_initialized:
            self.dtype, self.device = key_states.dtype, key_states.device
            self.room = (reserve(key_states, end), reserve(value_states, end))
            self.is_initialized = True
        elif end > self.room[0].shape[-2]:
            self._grow(end)
        for room, states in zip(self.room, (key_states, value_states), strict=True):
            room[:, :, self.used : end] = states
        self.used = end
        self._show()
        return self.keys, self.values

    def repeated(self, rows: int, more: int) -> "ReservedLayer":
        """Return a copy of this layer of one row for ``rows`` rows, with room for ``more`` tokens."""
        keys, values = (reserve(part, self.used + more, rows) for part in self.room)
        copy = ReservedLayer((keys, values))
        copy.update(self.keys, self.values)
        return copy

    def keep_rows(self, places: Sequence[int]) -> None:
        """Make row i the one that is at ``places[i]``, and drop the rest.

        ``places`` may move rows only from behind the ones that are kept.
        """
        for target, place in enumerate(places):
            if target != place:
                for room in self.room:
                    room[target, :, : self.used] = room[place, :, : self.used]
        self.room = (self.room[0][: len(places)], self.room[1][: len(places)])
        self._show()

    def end_at(self, columns: int, moved: Sequence[int]) -> None:
        """Forget what is after ``columns``, and move row i by ``moved[i]`` columns towards the end.

        What a row is moved over is lost; the columns before it are free, and hold finite numbers.
        """
        self.used = columns
        for room in self.room:
            for row, by in enumerate(moved):
                if by:
                    room[row, :, by:columns] = room[row, :, : columns - by].clone()
        self._show()

    def _grow(self, end: int) -> None:
        grown = (reserve(self.room[0], end), reserve(self.room[1], end))
        for new, old in zip(grown, self.room, strict=True):
            new[:, :, : self.used] = old[:, :, : self.used]
        self.room = grown

    def _show(self) -> None:
        self.keys = self.room[0][:, :, : self.used]
        self.values = self.room[1][:, :, : self.used]


def reserve(like: Tensor, columns: int, rows: int | None = None) -> Tensor:
    """Return memory for ``columns`` tokens and more, shaped for ``rows`` rows (default: as ``like``)."""
    rows = like.shape[0] if rows is None else rows
    return like.new_empty((rows, like.shape[1], columns + RESERVED_COLUMNS, like.shape[3]))
