"""Writes trials as text, one a line."""

import csv
import io
from collections.abc import Sequence

import msgspec

from izcore.plugin.records import Trial


def trials_as_jsonl(trials: Sequence[Trial]) -> str:
    """Return one JSON object per trial, whole, a line each."""
    return "".join(msgspec.json.encode(trial).decode() + "\n" for trial in trials)


def trials_as_csv(trials: Sequence[Trial]) -> str:
    """Return a table: one row per trial, one column per validation example's score."""
    examples = max((len(trial.scores) for trial in trials), default=0)
    text = io.StringIO()
    writer = csv.writer(text)
    scores = [f"score_{i}" for i in range(examples)]
    writer.writerow(
        [
            "index",
            "round",
            "instruction",
            "raw",
            "exemplars",
            "reused",
            "mean",
            "penalty",
            "calls",
            "cached_calls",
            "cost_usd",
            *scores,
        ]
    )
    for t in trials:
        c = t.candidate
        writer.writerow(
            [
                t.index,
                t.round,
                c.instruction,
                c.raw,
                " | ".join(exemplar.input for exemplar in c.exemplars),
                t.reused,
                t.mean,
                t.penalty,
                t.calls,
                t.cached_calls,
                t.cost_usd,
                *t.scores,
            ]
        )
    return text.getvalue()
