"""Reads rows of the table of runs, each by itself: one that is damaged does not hide the others."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar, get_args

import msgspec

from izcore.config.schema import RunConfig
from izcore.plugin.calls import FinishReason
from izcore.plugin.results import Change, RunResult, RunStatus
from izcore.plugin.run_record import InstructionScores
from izcore.plugin.trials import Guidance
from izcore.storage.records import DamagedRun, Dependency, RunPlan, RunRecord, RunSummary

T = TypeVar("T")
_CONFIG = msgspec.json.Decoder(RunConfig)
_PLAN = msgspec.json.Decoder(RunPlan)
_STATE = msgspec.json.Decoder(dict[str, Any])
_RESULT = msgspec.json.Decoder(RunResult)
_DEPENDENCIES = msgspec.json.Decoder(tuple[Dependency, ...])
_CHANGES = msgspec.json.Decoder(tuple[Change, ...])
LATEST_MOMENT = 253402300799.0
"""The end of the year 9999: times beyond it cannot be shown."""

SELECT_SUMMARY = (
    "SELECT CAST(id AS BLOB), created, CAST(task AS BLOB), status, CAST(config AS BLOB),"
    " CAST(generator_state AS BLOB), CAST(result AS BLOB), seconds, failures,"
    # Trials are numbered without a gap, so that the last one says how many there are.
    " (SELECT coalesce(max(trial_index) + 1, 0) FROM trials WHERE run_id = runs.id)"
)
"""What :func:`read_summary` reads. Texts come as bytes, for one that is not UTF-8 would end the query."""
SELECT_RECORD = (
    f"{SELECT_SUMMARY}, CAST(dependencies AS BLOB), CAST(changes AS BLOB), CAST(folder AS BLOB),"
    " CAST(plan AS BLOB)"
)
"""What :func:`read_record` reads. The plan holds all examples, so that it stands last in its row."""


SELECT_TEST_SCORES = "SELECT " + ", ".join(
    f"CAST({column} AS BLOB)" for column in ("instruction", "scores", "answers", "finishes", "reasonings")
)
"""What :func:`read_test_scores` reads."""


def read_summary(row: Sequence[Any]) -> RunSummary | DamagedRun:
    """Return the run of a row of :data:`SELECT_SUMMARY`."""
    try:
        return RunSummary(**_fields(row))
    except ValueError as error:
        return _damaged(row, error)


def read_record(row: Sequence[Any]) -> RunRecord | DamagedRun:
    """Return the run of a row of :data:`SELECT_RECORD`."""
    try:
        *summary, dependencies, changes, folder, plan = row
        return RunRecord(
            **_fields(summary),
            plan=_decoded("plan", plan, _PLAN),
            dependencies=_decoded("dependencies", dependencies, _DEPENDENCIES),
            changes=_decoded("changes", changes, _CHANGES),
            folder=_text("folder", folder),
        )
    except ValueError as error:
        return _damaged(row, error)


def read_test_scores(row: Sequence[bytes]) -> InstructionScores:
    """Return what a row of :data:`SELECT_TEST_SCORES` holds; raises ValueError where it cannot be read."""
    key, scores, answers, finishes, reasonings = row
    return InstructionScores(
        name="",
        guidance=Guidance.of_key(key.decode()),
        scores=msgspec.json.decode(scores, type=tuple[float | None, ...]),
        answers=msgspec.json.decode(answers, type=tuple[str | None, ...]),
        finishes=msgspec.json.decode(finishes, type=tuple[FinishReason | None, ...]),
        reasonings=msgspec.json.decode(reasonings, type=tuple[str, ...]),
    )


def text_of(stored: bytes | None) -> str:
    """Return what can be read of a text that may be damaged."""
    return (stored or b"").decode("utf-8", "replace")


def _fields(row: Sequence[Any]) -> dict[str, Any]:
    identity, created, task, status, config, state, result, seconds, failures, trials = row
    if not (_is_number(created) and 0 <= created <= LATEST_MOMENT):
        raise ValueError(f"created: {created!r} is no time")
    if not (_is_number(seconds) and seconds >= 0):
        raise ValueError(f"seconds: {seconds!r} is no duration")
    if status not in get_args(RunStatus):
        raise ValueError(f"status: {status!r} is none that this izcore knows")
    return {
        "id": _text("id", identity),
        "created": created,
        "task": _text("task", task),
        "status": status,
        "config": _decoded("config", config, _CONFIG),
        "generator_state": None if state is None else _decoded("generator_state", state, _STATE),
        "result": None if result is None else _decoded("result", result, _RESULT),
        "seconds": seconds,
        "failures": failures,
        "trials": trials,
    }


def _text(column: str, stored: bytes | None) -> str:
    if stored is None:
        raise ValueError(f"{column}: is missing")
    return stored.decode()


def _decoded(column: str, text: bytes | None, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        return decoder.decode(text or b"")
    except (ValueError, RecursionError) as error:  # msgspec's own errors are ValueErrors
        raise ValueError(f"{column}: {error}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _damaged(row: Sequence[Any], error: ValueError) -> DamagedRun:
    identity, created, task, *_ = row
    readable = _is_number(created) and 0 <= created <= LATEST_MOMENT
    reason = " ".join(str(error).split())
    return DamagedRun(
        id=text_of(identity), reason=reason, created=created if readable else 0.0, task=text_of(task)
    )
