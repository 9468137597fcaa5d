"""The kit's checks of a tracker, and its own promises, against real files."""

import csv
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, Candidate, RunStarted, Trial, TrialFinished, UsageError
from izcore.testing import Subject, TrackerConformance
from izcore_sheet import Sheet, SheetOptions


class TestSheet(TrackerConformance):
    """All that the core relies on in a tracker."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        """The tracker, with a file of the test's own."""
        return Subject(plugin="izcore_sheet", name="sheet", options={"file": str(tmp_path / "trials.csv")})


def sheet(file: Path) -> Sheet:
    """Build the tracker as the core does."""
    context = BackendContext(seed=0, cache_dir=str(file.parent), data_dir=str(file.parent))
    return Sheet(SheetOptions(file=str(file)), context)


def test_a_resumed_run_goes_on_in_the_same_file(tmp_path: Path) -> None:
    """The second tracker adds its row below the first one's, under one heading."""
    file = tmp_path / "trials.csv"
    for index in (0, 1):
        tracker = sheet(file)
        candidate = Candidate(latent=(), instruction='Say "hi", please.')
        trial = Trial(index=index, round=0, candidate=candidate, scores=(1.0, 0.0))
        tracker.izcore_run_started(RunStarted(run_id="r", task="t", trials=2, done=index))
        tracker.izcore_trial_finished(TrialFinished(run_id="r", trial=trial, best=trial))
        tracker.close()
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert [row["trial"] for row in rows] == ["0", "1"]
    assert rows[0]["instruction"] == 'Say "hi", please.'
    assert rows[0]["validation_mean"] == rows[0]["best_so_far"] == "0.5"


def test_a_file_that_cannot_be_written_is_the_users_mistake(tmp_path: Path) -> None:
    """The message names the option."""
    with pytest.raises(UsageError, match=r"trackers\.sheet\.file"):
        sheet(tmp_path)
