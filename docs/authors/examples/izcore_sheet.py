"""A tracker: a CSV file with a row for every trial, for a spreadsheet."""

import csv
from pathlib import Path
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Meta,
    Options,
    RunStarted,
    Tracker,
    TrackerRegistration,
    TrialFinished,
    UsageError,
    hookimpl,
    trial_figures,
)

IZCORE_API = 1

COLUMNS = ("run", "trial", "instruction", "validation_mean", "best_so_far")


class SheetOptions(Options):
    """What a user can set."""

    file: Annotated[str, Meta(min_length=1, description="The CSV file; rows are added at its end")]


class Sheet(Tracker):
    """Observes the one run that names it: ``--tracker sheet:trials.csv``."""

    def __init__(self, options: SheetOptions, context: BackendContext) -> None:
        path = Path(options.file)
        try:
            self._file = path.open("a", newline="", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"trackers.sheet.file: {path}: {error.strerror}.") from None
        self._rows = csv.DictWriter(self._file, COLUMNS, extrasaction="ignore")

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Name the columns in a new file."""
        if self._file.tell() == 0:
            self._rows.writeheader()

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Write a row, and have it on disk in case the process dies."""
        trial = event.trial
        self._rows.writerow(
            {
                "run": event.run_id,
                "trial": trial.index,
                "instruction": trial.candidate.instruction,
                **trial_figures(event, None),
            }
        )
        self._file.flush()

    def close(self) -> None:
        """Close the file, however the run ended."""
        self._file.close()


@hookimpl
def izcore_trackers() -> list[TrackerRegistration]:
    """Register the tracker."""
    return [
        TrackerRegistration(
            name="sheet",
            summary="A CSV file with a row for every trial",
            factory="izcore_sheet:Sheet",
            options=SheetOptions,
            argument="file",
        )
    ]
