"""Frozen records of what the database holds of a run, and of the cache."""

from collections.abc import Mapping
from typing import Any

from izcore.config.schema import RunConfig
from izcore.plugin.records import Candidate, Completion, Record, Splits, Usage
from izcore.plugin.results import RunResult, RunStatus


class RunPlan(Record):
    """What was fixed when a run began, beside its configuration.

    ``fingerprint`` is a digest of the task's data; ``versions`` names the distributions of the backends.
    ``carried`` are candidates of an earlier run that are scored first; those without a latent come from
    another generator.
    """

    task_name: str
    splits: Splits
    fingerprint: str
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = {}
    carried: tuple[Candidate, ...] = ()


class RunRecord(Record):
    """A run as it stands in the database. ``created``: seconds since 1970; ``seconds``: its work so far."""

    id: str
    created: float
    task: str
    status: RunStatus
    config: RunConfig
    plan: RunPlan
    generator_state: Mapping[str, Any] | None
    result: RunResult | None
    seconds: float


class Proposal(Record):
    """The candidates of one round, fixed before the first of them is scored.

    ``asked`` counts the answers, paid or cached, that the run had by then, those that wrote the candidates
    among them; the store fills it in.
    """

    candidates: tuple[Candidate, ...]
    exhausted: bool
    asked: int = 0


class Answer(Record):
    """A completion on disk; ``paid`` where this run paid for it, False where an earlier run had."""

    completion: Completion
    paid: bool


class CacheInfo(Record):
    """What the cache of completions holds. Times are seconds since 1970; ``hits`` counts free answers."""

    completions: int
    characters: int
    tokens: Usage
    oldest: float | None
    newest: float | None
    hits: int
