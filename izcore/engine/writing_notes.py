"""Says in words what became of the instructions that models should write."""

from collections import Counter
from collections.abc import Sequence

from izcore.plugin.trials import USER, Candidate, Trial
from izcore.search.history import History


def describe_writing(written: Sequence[Candidate]) -> tuple[str, ...]:
    """Say how many of the candidates were refused, and how many no model wrote, and why."""
    by_models = [candidate for candidate in written if candidate.writer != USER]
    refused = Counter(each.refused for each in by_models if each.refused)
    unwritten = Counter(each.unwritten for each in by_models if each.unwritten)
    notes = []
    if refused:
        notes.append(
            f"{refused.total()} of {len(by_models)} instructions were refused, and cost no call: "
            f"{_counted(refused)}."
        )
    if unwritten:
        notes.append(
            f"{unwritten.total()} of {len(by_models)} instructions were not written, and others stand in for "
            f"them: {_counted(unwritten)}."
        )
    return tuple(notes)


def describe_writers(history: History) -> tuple[str, ...]:
    """Say how well each of several writers did: its best instruction, and how many different it wrote."""
    ranked: dict[str, list[Trial]] = {}
    for trial in history.ranked:
        ranked.setdefault(trial.candidate.writer, []).append(trial)
    if len(ranked) < 2 or not set(ranked) - {"", USER}:
        return ()
    told = (
        f"{writer or 'others'} {_best_of(trials[0])} ({len(trials)} different)"
        for writer, trials in ranked.items()
    )
    return (f"Best on validation by writer: {', '.join(told)}.",)


def _best_of(trial: Trial) -> str:
    return "-" if trial.mean is None else f"{trial.mean:.2f} on {len(trial.known_scores)}"


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{number} for {reason}" for reason, number in reasons.most_common())
