"""Says in words what became of the instructions that models should write."""

from collections import Counter
from collections.abc import Sequence

from izcore.plugin.trials import USER, Candidate


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


def _counted(reasons: Counter[str]) -> str:
    return ", ".join(f"{number} for {reason}" for reason, number in reasons.most_common())
