"""Frozen records that observers are told; each kind has a hook."""

from collections.abc import Mapping
from typing import Any, Literal

from izcore.plugin.calls import Completion, Prompt, Usage
from izcore.plugin.record import Record
from izcore.plugin.results import RunResult, RunStatus
from izcore.plugin.trials import Trial

Phase = Literal["prepare", "pool", "suggest", "generate", "evaluate", "retest", "test", "stop"]


class RunStarted(Record):
    """A run begins or goes on. ``trials`` is the number planned, ``done`` those already on disk.

    ``max_calls``, ``max_tokens`` and ``max_cost`` (US dollars) are the budget; None is no limit. ``config``
    is the run's configuration, with every option at its effective value; it holds no keys.
    """

    run_id: str
    task: str
    trials: int
    done: int = 0
    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    config: Mapping[str, Any] = {}


class PhaseStarted(Record):
    """The run enters a phase of a round; ``total`` counts the calls or latents it will take."""

    run_id: str
    phase: Phase
    round: int
    total: int = 0


class CallsAnswered(Record):
    """Some completions arrived. The numbers are totals of the run so far."""

    run_id: str
    calls: int
    cached_calls: int
    usage: Usage
    cost_usd: float | None


class CallFinished(Record):
    """A prompt was answered, from the scorer or the cache, or its call failed for good.

    ``asker`` says on whose behalf: ``scorer``, or a backend's option such as ``metric.judge``. ``seconds``
    is the time from sending to answer, waits and ``tries`` included; both are 0 for the cache. ``error`` is
    the last failure, free of keys. The completion's text is the answer; what the model thought before is its
    ``reasoning``. Prompt, answer and reasoning are whole texts: an observer that keeps them keeps the
    task's data.
    """

    run_id: str
    asker: str
    model: str
    key: str
    outcome: Literal["answered", "cached", "failed"]
    prompt: Prompt
    completion: Completion | None
    cost_usd: float | None
    tries: int
    seconds: float
    error: str = ""


class TrialFinished(Record):
    """A trial is on disk. ``best`` is the best trial so far."""

    run_id: str
    trial: Trial
    best: Trial | None


class NoteAdded(Record):
    """Something was noticed that the user should know while the run goes on; a resumed run tells it again.

    ``note`` says what, and what to do. ``example`` shows an answer beside its target, where the note is about
    answers, and so holds some of the task's data.
    """

    run_id: str
    note: str
    example: str = ""


class RunFinished(Record):
    """The run ended; ``result`` is final for status ``done``."""

    run_id: str
    result: RunResult


class RunStopped(Record):
    """The run stopped before its end: Ctrl-C, a failure, or a budget that was used up before any result.

    ``reason`` is the error's message, free of keys.
    """

    run_id: str
    status: RunStatus
    reason: str
