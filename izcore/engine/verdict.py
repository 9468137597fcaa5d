"""Says in words how a winner compares with its baselines on the test split."""

from collections.abc import Mapping, Sequence

from izcore.plugin.results import Baseline
from izcore.scoring.statistics import CONFIDENCE

SIGNIFICANT = 1 - CONFIDENCE
"""A difference counts as shown where its p-value is below this."""


def describe_comparison(compared: Sequence[Baseline], untested: Sequence[str]) -> str:
    """Say which baselines the winner beats, which it does not, and which the budget left ``untested``."""
    better = [b for b in compared if b.difference > 0 and b.p_value < SIGNIFICANT]
    worse = [b for b in compared if b.difference < 0 and b.p_value < SIGNIFICANT]
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


def describe_missing(scores: Mapping[str, Sequence[float | None]]) -> str:
    """Say where calls failed, so that nobody takes a smaller n for the whole test split; empty if nowhere.

    ``scores`` are per example, by what people call the instruction.
    """
    missing = [
        f"{name} ({theirs.count(None)} of {len(theirs)})" for name, theirs in scores.items() if None in theirs
    ]
    return f"Test examples without a score, because calls failed: {', '.join(missing)}." if missing else ""


def _listed(baselines: Sequence[Baseline]) -> str:
    return ", ".join(f"{b.name} ({b.difference:+.2f}, p = {b.p_value:.2g})" for b in baselines)
