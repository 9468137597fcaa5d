"""Which trial of an unfinished run is ahead, and which one the user wrote."""

from izcore import Run
from izcore.plugin import USER, Trial


def leader(run: Run) -> Trial | None:
    """Return the trial that is ahead: of those that met the most examples, the best.

    None where no trial has a score yet.
    """
    scored = [trial for trial in run.trials if trial.mean is not None and trial.reused is None]
    return max(scored, key=lambda trial: (len(trial.known_scores), trial.objective or 0.0), default=None)


def users_prompt(run: Run) -> str:
    """Return the prompt that the user had before the run: a start or a baseline of theirs; empty for none."""
    given = [str(text) for name in ("start", "baselines") for text in run.config.get(name) or ()]
    tried = [trial.candidate.sentence for trial in run.trials if trial.candidate.writer == USER]
    return next(iter([*given, *tried]), "")
