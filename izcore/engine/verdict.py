"""Says in words how a winner compares with its baselines on the test split."""

from collections.abc import Sequence

from izcore.plugin.results import Baseline, SetAside
from izcore.scoring.statistics import CONFIDENCE

SIGNIFICANT = 1 - CONFIDENCE
"""A difference counts as shown where its p-value, adjusted for the number of baselines, is below this."""


def describe_comparison(compared: Sequence[Baseline], untested: Sequence[str]) -> str:
    """Say which baselines the winner beats, which it does not, and which the budget left ``untested``."""
    better = [b for b in compared if b.difference > 0 and b.shown_p_value < SIGNIFICANT]
    worse = [b for b in compared if b.difference < 0 and b.shown_p_value < SIGNIFICANT]
    level = [b for b in compared if b not in better and b not in worse]
    parts = []
    if better:
        parts.append(f"Better than {_listed(better)}.")
    if level:
        start = "Not shown to be better than" if better else "No improvement found over"
        parts.append(f"{start} {_listed(level)}.")
    if worse:
        parts.append(f"Worse than {_listed(worse)}: use that instead.")
    if untested:
        parts.append(f"The budget left no room to test: {', '.join(untested)}.")
    return " ".join(parts) or "Nothing to compare with."


def describe_set_aside(set_aside: Sequence[SetAside]) -> str:
    """Say which examples count for no instruction, and their share of their split; empty without any."""
    return f"Set aside for all instructions alike: {', '.join(map(str, set_aside))}." if set_aside else ""


def describe_capped(answers: int) -> tuple[str, ...]:
    """Say with how many answers numbers of tokens came that cannot be; nothing where there is none."""
    if not answers:
        return ()
    return (
        f"With {answers} answers came numbers of tokens that cannot be; the most that such a call can have "
        "is booked in their place.",
    )


def _listed(baselines: Sequence[Baseline]) -> str:
    return ", ".join(f"{b.name} ({b.difference:+.2f}, p = {b.shown_p_value:.2g})" for b in baselines)
