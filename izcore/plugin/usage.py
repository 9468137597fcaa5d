"""What is told of an answer's tokens is advice: a number that cannot be counts as the most that can."""

import math
from typing import Any

import msgspec

from izcore.plugin.calls import Completion, Usage

UNBELIEVABLE = -1
"""Stands for a number of tokens that is told and cannot be counted."""
BELIEVED = 100
"""A number of tokens that is so many times the most that a call can have is a fault of the server."""


def whole_tokens(count: Any) -> int:
    """Return a number of tokens as it is told, fractions rounded up; UNBELIEVABLE where that is no number."""
    try:
        return count if type(count) is int else math.ceil(float(count))
    except (TypeError, ValueError, OverflowError):
        return UNBELIEVABLE


def with_believable_usage(completion: Completion, bound: Usage) -> Completion:
    """Return a completion without absurd numbers of tokens: each is at ``bound``, so that a budget holds."""
    told = completion.usage
    usage = Usage(
        input_tokens=_believable(told.input_tokens, bound.input_tokens),
        output_tokens=_believable(told.output_tokens, bound.output_tokens),
    )
    if usage == told:
        return completion
    return msgspec.structs.replace(completion, usage=usage, usage_capped=True)


def _believable(told: int, bound: int) -> int:
    return told if 0 <= told <= BELIEVED * max(bound, 1) else bound
