"""The table of trials."""

from markupsafe import Markup

from izcore import Run
from izcore.plugin import Record, Trial
from izcore_web.diff import word_diff
from izcore_web.views.leader import leader, users_prompt


class TrialRow(Record):
    """A trial as the table shows it; ``score`` is of validation examples, ``fresh`` of the finalists' own.

    ``instruction`` is HTML, where what is different from the user's prompt is marked. ``cost_usd`` is what a
    thousand of its answers cost.
    """

    index: int
    instruction: Markup
    text: str
    exemplars: int
    coordinates: tuple[tuple[str, str], ...]
    note: str
    score: float | None
    n: int
    fresh: float | None
    fresh_n: int
    length: int
    calls: int
    cost_usd: float
    winner: bool


class TrialTable(Record):
    """Trials, the best of those that met the most examples first; ``repeats`` of them reuse another's scores.

    ``reference`` is the user's prompt, with which instructions are compared; empty where there is none.
    """

    rows: tuple[TrialRow, ...]
    repeats: int
    reference: str
    has_fresh: bool
    has_cost: bool


def trial_table(run: Run) -> TrialTable:
    """Return the trials of a run; those that repeat an instruction are counted only."""
    reference, searched = users_prompt(run), len(run.splits.validation) if run.splits else 0
    best = run.result.best if run.result else None
    ahead = leader(run)
    winner = best.guidance if best else ahead.candidate.guidance if ahead else None
    own = [trial for trial in run.trials if trial.reused is None]
    ranked = sorted(
        own, key=lambda trial: (trial.candidate.guidance != winner, -len(trial.scores), -(trial.mean or 0.0))
    )
    rows = tuple(
        _row(trial, reference, searched, winner=trial.candidate.guidance == winner) for trial in ranked
    )
    return TrialTable(
        rows=rows,
        repeats=len(run.trials) - len(own),
        reference=reference,
        has_fresh=any(row.fresh_n for row in rows),
        has_cost=any(row.cost_usd for row in rows),
    )


def _row(trial: Trial, reference: str, searched: int, *, winner: bool) -> TrialRow:
    candidate = trial.candidate
    first, fresh = trial.scores[:searched], trial.scores[searched:]
    note = f"refused: {candidate.refused}" if candidate.refused else candidate.writer
    return TrialRow(
        index=trial.index,
        instruction=word_diff(reference or candidate.instruction, candidate.instruction),
        text=candidate.instruction,
        exemplars=len(candidate.exemplars),
        coordinates=candidate.coordinates,
        note=note,
        score=mean_of(first),
        n=len(first) - first.count(None),
        fresh=mean_of(fresh),
        fresh_n=len(fresh) - fresh.count(None),
        length=candidate.guidance.length,
        calls=trial.calls + trial.cached_calls,
        cost_usd=trial.cost_usd / trial.calls * 1000 if trial.calls else 0.0,
        winner=winner,
    )


def mean_of(scores: "tuple[float | None, ...]") -> float | None:
    """Return the mean of the scores that are known; None without any."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None
