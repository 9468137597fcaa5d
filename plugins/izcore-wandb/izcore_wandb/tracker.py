"""Keeps a record of a run in Weights & Biases."""

from collections.abc import Mapping
from typing import Any

import wandb

from izcore.plugin import (
    BackendContext,
    CallsAnswered,
    NoteAdded,
    RunFinished,
    RunStarted,
    RunStopped,
    Tracker,
    TrialFinished,
    UsageError,
    hookimpl,
    plain,
    result_figures,
    trial_figures,
)
from izcore_wandb.options import WandbOptions

PATIENCE = 20.0
"""Seconds to wait for the service when a run starts; it must not keep the run waiting for long."""


class WandbTracker(Tracker):
    """One W&B run per run, with the same id, so that a resumed run goes on with it."""

    def __init__(self, options: WandbOptions, context: BackendContext) -> None:
        self._options = options
        # Silent, and without the console's text: what people see is izcore's own display.
        self._settings = wandb.Settings(silent=True, console="off", init_timeout=PATIENCE)
        self._run: wandb.Run | None = None
        self._totals: CallsAnswered | None = None

    @hookimpl
    def izcore_run_started(self, event: RunStarted) -> None:
        """Begin the W&B run, or go on with it."""
        mode = self._options.mode or wandb.setup().settings.mode
        if mode == "online" and not wandb.login(prompt=False):
            # wandb itself would ask on the terminal, and the run would wait.
            raise UsageError(
                "Weights & Biases knows no key.",
                hint="Set WANDB_API_KEY or call `wandb login`; or trackers.wandb.mode=offline needs none.",
            )
        self._run = wandb.init(
            project=self._options.project,
            entity=self._options.entity or None,
            dir=self._options.dir or None,
            mode=mode,
            id=event.run_id,
            name=event.run_id,
            group=plain(event.task),
            resume="allow",
            reinit="create_new",
            config=plain_settings(event.config),
            allow_val_change=True,
            settings=self._settings,
        )

    @hookimpl
    def izcore_calls_answered(self, event: CallsAnswered) -> None:
        """Remember the totals for the next trial."""
        self._totals = event

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Add a point to each curve."""
        if self._run is not None:
            self._run.log(trial_figures(event, self._totals), step=event.trial.index)

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        """Show what was noticed, without the answer that is its example."""
        if self._run is not None:
            self._run.summary.update({"note": plain(event.note)})

    @hookimpl
    def izcore_run_finished(self, event: RunFinished) -> None:
        """Write the result down, and end the W&B run."""
        if self._run is not None:
            result = event.result
            instruction = result.best.instruction if result.best else ""
            texts = {"conclusion": plain(result.conclusion), "instruction": plain(instruction)}
            self._run.summary.update({**result_figures(result), **texts})
            self._end(exit_code=0)

    @hookimpl
    def izcore_run_stopped(self, event: RunStopped) -> None:
        """Say why, and end the W&B run."""
        if self._run is not None:
            self._run.summary.update({"stopped": plain(f"{event.status}: {event.reason}")})
            self._end(exit_code=1)

    def close(self) -> None:
        """End what nobody ended: the program failed."""
        self._end(exit_code=1)

    def _end(self, *, exit_code: int) -> None:
        if self._run is not None:
            self._run.finish(exit_code=exit_code)
            self._run = None


def plain_settings(settings: Any) -> Any:
    """Return settings whose texts show as text wherever they are read."""
    if isinstance(settings, Mapping):
        return {plain(key): plain_settings(value) for key, value in settings.items()}
    if isinstance(settings, list | tuple):
        return [plain_settings(value) for value in settings]
    return plain(settings) if isinstance(settings, str) else settings
