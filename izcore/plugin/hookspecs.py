"""The hooks of izcore, served by pluggy.

A plugin is a module (or object) behind an entry point of the group ``izcore``. It says which hook API
it was written for, ``IZCORE_API = 1``, and implements any of these hooks with ``@hookimpl``. Hooks that
register return plain records that import nothing heavy. Hooks that observe receive one frozen event;
an observer that raises is reported and left out from then on, it never stops a run. Observers of plugins
are called on a thread of their own, one event after the other.
"""

from collections.abc import Iterable

import pluggy

from izcore.plugin.events import (
    CallFinished,
    CallsAnswered,
    NoteAdded,
    PhaseStarted,
    RunFinished,
    RunStarted,
    RunStopped,
    TrialFinished,
)
from izcore.plugin.registrations import (
    CommandRegistration,
    CoordinateRegistration,
    EvaluationPolicyRegistration,
    ExecutorRegistration,
    ExporterRegistration,
    GeneratorRegistration,
    MetricRegistration,
    Model,
    Preset,
    ScorerRegistration,
    SurrogateRegistration,
    TaskRegistration,
    TrackerRegistration,
)

PROJECT = "izcore"
"""Name of the pluggy project and of the entry-point group."""

API_VERSION = 1
"""Version of the hook API that this core offers."""

OLDEST_API_VERSION = max(1, API_VERSION - 1)
"""Oldest version that a plugin may have been written for: the one before, once there is one."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def izcore_generators() -> Iterable[GeneratorRegistration]:  # type: ignore[empty-body]
    """Register instruction generators (:class:`~izcore.plugin.protocols.Generator`).

    >>> from izcore.plugin import GeneratorRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_generators():
    ...     return [GeneratorRegistration(
    ...         name="mine", summary="Writes one", factory="my_package.backend:Mine")]
    """


@hookspec
def izcore_scorers() -> Iterable[ScorerRegistration]:  # type: ignore[empty-body]
    """Register black-box scorers (:class:`~izcore.plugin.protocols.Scorer`).

    >>> from izcore.plugin import ScorerRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_scorers():
    ...     return [ScorerRegistration(
    ...         name="rest", summary="Our endpoint", factory="my_package.rest:Rest")]
    """


@hookspec
def izcore_surrogates() -> Iterable[SurrogateRegistration]:  # type: ignore[empty-body]
    """Register surrogates (:class:`~izcore.plugin.protocols.Surrogate`).

    >>> from izcore.plugin import SurrogateRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_surrogates():
    ...     return [SurrogateRegistration(
    ...         name="grid", summary="A grid", factory="my_package.grid:Grid")]
    """


@hookspec
def izcore_tasks() -> Iterable[TaskRegistration]:  # type: ignore[empty-body]
    """Register tasks and file formats (:class:`~izcore.plugin.protocols.Task`).

    >>> from izcore.plugin import TaskRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_tasks():
    ...     return [TaskRegistration(
    ...         name="yaml", summary="YAML files", factory="my_package.files:Yaml",
    ...         argument="path", paths=(".yaml",))]
    """


@hookspec
def izcore_metrics() -> Iterable[MetricRegistration]:  # type: ignore[empty-body]
    """Register metrics (:class:`~izcore.plugin.protocols.Metric`).

    >>> from izcore.plugin import MetricRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_metrics():
    ...     return [MetricRegistration(
    ...         name="bleu", summary="BLEU", factory="my_package.bleu:Bleu")]
    """


@hookspec
def izcore_trackers() -> Iterable[TrackerRegistration]:  # type: ignore[empty-body]
    """Register trackers (:class:`~izcore.plugin.protocols.Tracker`): observers of the runs that name them.

    >>> from izcore.plugin import TrackerRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_trackers():
    ...     return [TrackerRegistration(
    ...         name="board", summary="Our board", factory="my_package.board:Board")]
    """


@hookspec
def izcore_evaluation_policies() -> Iterable[EvaluationPolicyRegistration]:  # type: ignore[empty-body]
    """Register evaluation policies (:class:`~izcore.plugin.protocols.EvaluationPolicy`).

    >>> from izcore.plugin import EvaluationPolicyRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_evaluation_policies():
    ...     return [EvaluationPolicyRegistration(
    ...         name="half", summary="Drops the worse half once", factory="my_package.policy:Half")]
    """


@hookspec
def izcore_coordinates() -> Iterable[CoordinateRegistration]:  # type: ignore[empty-body]
    """Register coordinates (:class:`~izcore.plugin.protocols.Coordinate`): choices that complete a prompt.

    >>> from izcore.plugin import CoordinateRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_coordinates():
    ...     return [CoordinateRegistration(
    ...         name="tone", summary="How the answer sounds", factory="my_package.tone:Tone")]
    """


@hookspec
def izcore_executors() -> Iterable[ExecutorRegistration]:  # type: ignore[empty-body]
    """Register executors (:class:`~izcore.plugin.protocols.Executor`): where the runs of a comparison happen.

    >>> from izcore.plugin import ExecutorRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_executors():
    ...     return [ExecutorRegistration(
    ...         name="cluster", summary="Our cluster", factory="my_package.cluster:Cluster")]
    """


@hookspec
def izcore_exporters() -> Iterable[ExporterRegistration]:  # type: ignore[empty-body]
    """Register formats in which runs are exported (:class:`~izcore.plugin.protocols.Exporter`).

    >>> from izcore.plugin import ExporterRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_exporters():
    ...     return [ExporterRegistration(
    ...         name="markdown", summary="A table", factory="my_package.markdown:Markdown")]
    """


@hookspec
def izcore_commands() -> Iterable[CommandRegistration]:  # type: ignore[empty-body]
    """Register sub-commands of ``iz``: Typer apps, or functions that Typer can make commands of.

    >>> from izcore.plugin import CommandRegistration, hookimpl
    >>> @hookimpl
    ... def izcore_commands():
    ...     return [CommandRegistration(
    ...         name="greet", summary="Say good morning", app="my_package.greeting:greet")]
    """


@hookspec
def izcore_presets() -> Iterable[Preset]:  # type: ignore[empty-body]
    """Add settings to presets.

    >>> from izcore.plugin import Preset, hookimpl
    >>> @hookimpl
    ... def izcore_presets():
    ...     return [Preset(name="tiny", summary="Very short", settings={"search": {"rounds": 1}})]
    """


@hookspec
def izcore_models() -> Iterable[Model]:  # type: ignore[empty-body]
    """Register models that ``iz models`` can list and pull.

    >>> from izcore.plugin import Model, hookimpl
    >>> @hookimpl
    ... def izcore_models():
    ...     return [Model(name="tiny", summary="A tiny model", pull="my_package.models:pull_tiny")]
    """


@hookspec
def izcore_run_started(event: RunStarted) -> None:
    """Observe the start of a run, or its resumption.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_run_started(event):
    ...     print("started", event.run_id)
    """


@hookspec
def izcore_phase_started(event: PhaseStarted) -> None:
    """Observe that a run enters a phase (prepare, suggest, generate, evaluate, test).

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_phase_started(event):
    ...     print(event.phase, event.round)
    """


@hookspec
def izcore_calls_answered(event: CallsAnswered) -> None:
    """Observe that completions arrived; carries the run's totals.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_calls_answered(event):
    ...     print(event.calls, event.usage.total)
    """


@hookspec
def izcore_call_finished(event: CallFinished) -> None:
    """Observe one prompt's end: answered, found in the cache, or failed for good.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_call_finished(event):
    ...     print(event.outcome, event.seconds)
    """


@hookspec
def izcore_trial_finished(event: TrialFinished) -> None:
    """Observe a finished trial; it is already on disk.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_trial_finished(event):
    ...     print(event.trial.index, event.trial.mean)
    """


@hookspec
def izcore_note_added(event: NoteAdded) -> None:
    """Observe that something was noticed which the user should know at once.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_note_added(event):
    ...     print(event.note)
    """


@hookspec
def izcore_run_finished(event: RunFinished) -> None:
    """Observe the end of a run.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_run_finished(event):
    ...     print(event.result.conclusion)
    """


@hookspec
def izcore_run_stopped(event: RunStopped) -> None:
    """Observe that a run stopped before its end; it is kept and may be resumed.

    >>> from izcore.plugin import hookimpl
    >>> @hookimpl
    ... def izcore_run_stopped(event):
    ...     print(event.status, event.reason)
    """
