"""Guesses at what a row goes on with, which one forward pass then checks all at once.

A text that repeats itself is guessed from itself (Saxena 2023, prompt lookup decoding; Leviathan et al.
2023, https://arxiv.org/abs/2211.17192, for the checking). Greedy decoding writes the same tokens with or
without: a guess counts only as far as the model itself chose it.
"""

from collections.abc import Sequence

MATCHED_TOKENS = 2
"""So many tokens must have stood together before, for what came after them to be guessed again."""

PASS_TOKENS = {"cpu": 24, "cuda": 64}
"""Tokens of one forward pass up to which guessed ones cost little: reading the weights takes most of its
time. On cpu measured with SmolLM2-135M; on a GPU by the ratio of its arithmetic to its memory's speed."""


def draft(tokens: Sequence[int], most: int) -> list[int]:
    """Return up to ``most`` tokens that may follow ``tokens``; none where their end is new.

    They are those that followed the last time, and go round where the text has begun to.
    """
    recent = tuple(tokens[-MATCHED_TOKENS:])
    for place in range(len(tokens) - MATCHED_TOKENS - 1, -1, -1):
        if tuple(tokens[place : place + MATCHED_TOKENS]) == recent:
            known = list(tokens)
            for follower in range(place + MATCHED_TOKENS, place + MATCHED_TOKENS + most):
                known.append(known[follower])
            return known[len(tokens) :]
    return []


def room_for_drafts(rows: int, device: str) -> int:
    """Return how many guessed tokens a pass may check for each of ``rows`` rows."""
    return max(0, PASS_TOKENS.get(device, PASS_TOKENS["cuda"]) // rows - 1)
