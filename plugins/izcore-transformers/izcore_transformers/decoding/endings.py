"""Where a row of tokens ends, and why."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedModel, PreTrainedTokenizerBase

IsComplete = Callable[[Sequence[int]], bool]
"""Sees the tokens of a row so far, and ends it by returning True; the token that made it true is kept."""


@dataclass(frozen=True)
class Decoded:
    """The tokens written after one row, without end-of-sequence, and why they end there.

    ``finish`` is ``stop`` for an end-of-sequence token or a stop rule, ``length`` for a cut.
    """

    token_ids: tuple[int, ...]
    finish: Literal["stop", "length"]


@dataclass(frozen=True)
class Ending:
    """What ends a row: an end-of-sequence token, the stop rule, or ``max_new_tokens`` >= 1."""

    max_new_tokens: int
    eos_token_ids: Collection[int]
    stop: IsComplete | None

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise ValueError("max_new_tokens must be at least 1")

    def of(self, tokens: Sequence[int]) -> Decoded | None:
        """Return the result if ``tokens`` (end-of-sequence included) are complete, else None."""
        if tokens[-1] in self.eos_token_ids:
            return Decoded(tuple(tokens[:-1]), "stop")
        if self.stop is not None and self.stop(tokens):
            return Decoded(tuple(tokens), "stop")
        if len(tokens) >= self.max_new_tokens:
            return Decoded(tuple(tokens), "length")
        return None


def end_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Return the tokens that end an answer, by the model's generation settings and its tokenizer."""
    ends = model.generation_config.eos_token_id
    ids = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
    return frozenset(token for token in ids if token is not None)
