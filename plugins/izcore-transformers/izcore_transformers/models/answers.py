"""The text of what a model wrote, with the marks around what it thought before it answered."""

from collections.abc import Sequence
from itertools import groupby

from transformers import PreTrainedTokenizerBase

from izcore.plugin import REASONING_MARKS


class AnswerReader:
    """Turns generated tokens into text, after the mark ``opening`` of a block that the prompt has opened.

    Special tokens are left out, apart from those that are marks of reasoning: without them nothing would tell
    the answer from what was thought before.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, opening: str) -> None:
        self._tokenizer = tokenizer
        self._opening = opening
        known = [mark.lower() for pair in REASONING_MARKS for mark in pair]
        self._marks = {
            token_id: token.content
            for token_id, token in tokenizer.added_tokens_decoder.items()
            if token.special and any(mark.startswith(token.content.lower()) for mark in known)
        }

    def read(self, token_ids: Sequence[int]) -> str:
        """Return the text of generated tokens, after the opening mark."""
        parts = []
        for mark, run in groupby(token_ids, key=self._marks.get):
            same = list(run)
            parts.append(mark * len(same) if mark else self._decode(same))
        return "\n".join(filter(None, [self._opening, "".join(parts)]))

    def _decode(self, token_ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(token_ids, skip_special_tokens=True))
