"""What the calls of one model usually take: first as the scorer expects, soon as its own answers show."""

import math
from collections.abc import Sequence

from izcore.plugin.calls import Prompt, Usage
from izcore.plugin.protocols import Scorer
from izcore.plugin.record import Record

LEAST_ANSWER = 16
"""Tokens of an answer of which nothing is known. Models that are asked for a word often write a sentence."""

LEAST_KNOWN = 5
"""So many answers tell more than what is expected of a model in general."""

MARGIN = 1.25
"""By so much many calls together may take more than is usual, and still be likely to have room."""


class Foreseen(Record):
    """Calls that are to be made: their number, what the scorer expects of them, and the most they can use."""

    calls: int = 0
    expected: Usage = Usage()
    most: Usage = Usage()

    def __add__(self, other: "Foreseen") -> "Foreseen":
        return Foreseen(
            calls=self.calls + other.calls,
            expected=self.expected + other.expected,
            most=self.most + other.most,
        )


class UsualUsage:
    """What calls of one model are likely to take. The bound alone is sure: this keeps nobody to a budget."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._known = 0
        self._expected_input = 0
        self._used = Usage()

    def learn(self, prompts: Sequence[Prompt], used: Usage) -> None:
        """Take note of what answers to these prompts have used, all together."""
        self._known += len(prompts)
        self._expected_input += sum(self._scorer.expected(prompt).input_tokens for prompt in prompts)
        self._used += used

    def foresee(self, prompts: Sequence[Prompt]) -> Foreseen:
        """Return what the scorer says of calls with these prompts."""
        return Foreseen(
            calls=len(prompts),
            expected=sum(map(self._scorer.expected, prompts), Usage()),
            most=sum(map(self._scorer.bound, prompts), Usage()),
        )

    def likely(self, foreseen: Foreseen) -> Usage:
        """Return what calls are likely not to exceed, which is never more than the most that they can use."""
        expected, most = foreseen.expected, foreseen.most
        longer, answers = 1.0, expected.output_tokens + LEAST_ANSWER * foreseen.calls
        if self._known >= LEAST_KNOWN:
            longer = self._used.input_tokens / max(self._expected_input, 1)
            answers = math.ceil(foreseen.calls * self._used.output_tokens / self._known)
        return Usage(
            input_tokens=min(most.input_tokens, math.ceil(expected.input_tokens * longer * MARGIN)),
            output_tokens=min(most.output_tokens, math.ceil(answers * MARGIN)),
        )

    def losses(self, foreseen: Foreseen, lost: Usage) -> Usage:
        """Return what calls will lose in tries that are never answered, if that goes on as so far.

        ``lost`` is what was lost so far.
        """
        share = foreseen.calls / max(self._known, LEAST_KNOWN)
        return Usage(
            input_tokens=math.ceil(lost.input_tokens * share),
            output_tokens=math.ceil(lost.output_tokens * share),
        )
