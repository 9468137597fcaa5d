"""The examples of a run that count for no instruction, because one of them has no score on them for good."""

from collections.abc import Iterable, Sequence
from typing import Literal

from izcore.plugin.errors import BackendError, IzError
from izcore.plugin.examples import Example
from izcore.plugin.results import ScoredSplit, SetAside

LARGEST_SHARE = 0.1
"""Of a split at most so much may be set aside; with less evidence than that, nobody wins."""

Reason = Literal["failed", "ungraded"]


class SetAsideExamples:
    """Examples that are set aside for all instructions of a run alike, so that all compare on the same ones.

    Nobody wins by having missed the example that never answers, and nobody loses by having met it.
    """

    def __init__(self) -> None:
        self._reasons: dict[Example, Reason] = {}

    def __contains__(self, example: object) -> bool:
        return example in self._reasons

    def add(self, examples: Iterable[Example], reason: Reason) -> None:
        """Set examples aside; the first reason stays."""
        for example in examples:
            self._reasons.setdefault(example, reason)

    def among(self, split: ScoredSplit, examples: Sequence[Example]) -> SetAside:
        """Count those that are set aside among the examples of a split."""
        reasons = [self._reasons[example] for example in examples if example in self]
        return SetAside(
            split=split,
            failed=reasons.count("failed"),
            ungraded=reasons.count("ungraded"),
            examples=len(examples),
        )

    def check(
        self, split: ScoredSplit, examples: Sequence[Example], last_failure: IzError | None = None
    ) -> None:
        """Raise BackendError where more than :data:`LARGEST_SHARE` of a split is set aside.

        ``last_failure`` is that of the last call that failed, for the message.
        """
        found = self.among(split, examples)
        if found.count <= LARGEST_SHARE * len(examples):
            return
        said, hint = "", "What was answered is kept; iz resume asks those examples again."
        if found.failed and last_failure:
            said = f" The last failure: {last_failure.message}"
            hint = f"{last_failure.hint}\n{hint}".strip()
        raise BackendError(f"There is no score on {found}: too little evidence to go on.{said}", hint=hint)
