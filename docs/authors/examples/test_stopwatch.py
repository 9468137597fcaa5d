"""The events of a run, given to the observer by hand."""

import pytest

from izcore.plugin import (
    CallsAnswered,
    Candidate,
    NoteAdded,
    PhaseStarted,
    RunStarted,
    RunStopped,
    Trial,
    TrialFinished,
    Usage,
)
from izcore_stopwatch import Stopwatch


def test_it_tells_where_the_time_went(capsys: pytest.CaptureFixture[str]) -> None:
    """Phases, money and the best trials so far are in what it tells at the end."""
    watch = Stopwatch()
    trial = Trial(index=7, round=0, candidate=Candidate(latent=(), instruction="Go."), scores=(1.0,))
    watch.izcore_run_started(RunStarted(run_id="r", task="t", trials=9))
    watch.izcore_phase_started(PhaseStarted(run_id="r", phase="generate", round=0))
    watch.izcore_calls_answered(
        CallsAnswered(run_id="r", calls=3, cached_calls=0, usage=Usage(), cost_usd=0.25)
    )
    watch.izcore_trial_finished(TrialFinished(run_id="r", trial=trial, best=trial))
    watch.izcore_note_added(NoteAdded(run_id="r", note="All score 0."))
    watch.izcore_run_stopped(RunStopped(run_id="r", status="interrupted", reason="Ctrl-C"))
    told = capsys.readouterr().err
    assert "interrupted (Ctrl-C)" in told
    assert "generate 0.0 s" in told
    assert "in the phase generate: All score 0." in told
    assert "0.25 USD" in told
    assert "[7]" in told


def test_a_run_that_never_began_is_no_fault(capsys: pytest.CaptureFixture[str]) -> None:
    """A run may stop before it starts; then there is nothing to tell."""
    Stopwatch().izcore_run_stopped(RunStopped(run_id="r", status="failed", reason="No disk."))
    assert capsys.readouterr().err == ""
