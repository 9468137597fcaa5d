"""Frozen records of what the database holds of a run, and of the cache."""

from collections.abc import Mapping
from typing import Any, Literal

from izcore.config.schema import RunConfig
from izcore.plugin.calls import Completion, Usage
from izcore.plugin.coordinates import CoordinateValue
from izcore.plugin.examples import Splits
from izcore.plugin.record import Record
from izcore.plugin.results import Change, RunResult, RunStatus
from izcore.plugin.run_record import Row
from izcore.plugin.trials import Candidate

NO_BACKEND = "none"
"""The name of generator and surrogate of a run that searched nothing: ``iz score`` scored instructions."""


class RunPlan(Record):
    """What was fixed when a run began, beside its configuration.

    ``fingerprint`` is a digest of the task's data; ``versions`` names the distributions of the backends.
    ``carried`` are candidates of an earlier run that are scored first; those without a latent come from
    another generator. ``coordinates`` are the choices that complete an instruction, by the names of the
    coordinates. ``starting`` are the user's own instructions, completed with each of the choices.
    """

    task_name: str
    splits: Splits
    fingerprint: str
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = {}
    carried: tuple[Candidate, ...] = ()
    coordinates: Mapping[str, tuple[CoordinateValue, ...]] = {}
    starting: tuple[Candidate, ...] = ()


class Dependency(Record):
    """Something beside its settings that a run depends on, as it was when the run last began or went on.

    ``value`` is what people are shown. Scores may be different where ``decisive`` is, which is the part of a
    version that matters, or a digest.
    """

    name: str
    value: str
    decisive: str


class RunSummary(Record):
    """A run as it is listed: what it was set to and what came of it, without its examples and trials."""

    id: str
    """Its name, which sorts by time."""
    created: float
    """When it began, in seconds since 1970."""
    task: str
    """The task's name."""
    status: RunStatus
    """How far it got."""
    config: RunConfig
    """Its settings, every option at its effective value."""
    generator_state: Mapping[str, Any] | None
    """What its generator worked out before the search; None until then."""
    result: RunResult | None
    """What it found; None until it has ended."""
    seconds: float
    """How long it has worked so far."""
    trials: int = 0
    """How many trials it has."""
    failures: int = 0
    """How often it stopped because something failed."""

    @property
    def searches(self) -> bool:
        """Whether it is a search; else it scored instructions that were given."""
        return self.config.generator.name != NO_BACKEND

    def row(self) -> Row:
        """Return the run as one row of a table of runs.

        The columns are ``run``, ``created``, ``task``, ``status``, ``seed``, ``preset``, the names of
        ``generator``, ``scorer``, ``surrogate`` and ``metric``, ``trials``, ``seconds``, and of its result
        ``instruction``, ``validation``, ``test`` with ``test_low`` and ``test_high``, ``calls``,
        ``cached_calls`` and ``cost_usd``, which are None until there is one.
        """
        config, result = self.config, self.result
        best = result.best if result else None
        test = best.test if best else None
        return {
            "run": self.id,
            "created": self.created,
            "task": self.task,
            "status": self.status,
            "seed": config.seed,
            "preset": config.preset,
            "generator": config.generator.name,
            "scorer": config.scorer.name,
            "surrogate": config.surrogate.name,
            "metric": config.metric.name if config.metric else None,
            "trials": self.trials,
            "seconds": self.seconds,
            "instruction": best.instruction if best else None,
            "validation": best.validation.score if best and best.validation.n else None,
            "test": test.score if test else None,
            "test_low": test.low if test else None,
            "test_high": test.high if test else None,
            "calls": result.calls if result else None,
            "cached_calls": result.cached_calls if result else None,
            "cost_usd": result.cost_usd if result else None,
        }


class RunRecord(RunSummary):
    """A run as it stands in the database, without its trials; :func:`izcore.run` reads those, too."""

    plan: RunPlan
    """What was fixed when it began."""
    dependencies: tuple[Dependency, ...] = ()
    """What it depends on beside its settings; runs of older versions do not say."""
    changes: tuple[Change, ...] = ()
    """In what that was different when the run went on."""
    folder: str = ""
    """The folder in which it began; runs of older versions do not say."""


class ComparisonRecord(Record):
    """A comparison as it stands in the database: which runs belong to it, and what they show."""

    id: str
    """Its name."""
    created: float
    """When it began, in seconds since 1970."""
    task: str
    """The task's name."""
    max_calls: int
    """The limit of calls of each run."""
    seeds: int
    """The number of runs that each method has in the end."""
    runs: Mapping[str, tuple[str, ...]]
    """The ids of the runs that were begun, by method."""
    result: Mapping[str, Any] | None = None
    """What the runs show, as ``iz compare --json`` prints it; None until all are done."""


class DamagedRun(Record):
    """A run whose record cannot be read; the other runs of its database are not touched by that."""

    id: str
    """Its name, by which it can be deleted."""
    reason: str
    """What is wrong with its record."""
    created: float = 0.0
    """When it began, in seconds since 1970; 0 where that cannot be read either."""
    task: str = ""
    """The task's name; empty where it cannot be read either."""
    status: Literal["damaged"] = "damaged"
    """What stands for a status in a list of runs."""

    @property
    def result(self) -> None:
        """None: what it found cannot be read, so code that asks runs for their results need not know it."""
        return None

    def row(self) -> Row:
        """Return the run as one row of a table of runs, with the columns of :meth:`RunRecord.row`."""
        known: Row = {"run": self.id, "created": self.created, "task": self.task, "status": self.status}
        return {**dict.fromkeys(_ROW_COLUMNS), **known}


_ROW_COLUMNS = (
    *("run", "created", "task", "status", "seed", "preset", "generator", "scorer", "surrogate", "metric"),
    *("trials", "seconds", "instruction", "validation", "test", "test_low", "test_high"),
    *("calls", "cached_calls", "cost_usd"),
)


def held_out_id(run_id: str) -> str:
    """Return under which id answers are kept that a run is scored with once it has ended."""
    return f"test-{run_id}"


class Proposal(Record):
    """The candidates of one round, fixed before the first of them is scored.

    ``asked`` counts the answers, paid or cached, that the run had by then, those that wrote the candidates
    among them; the store fills it in. ``ended`` says why a rule ended the search after this round; it is
    empty until one does.
    """

    candidates: tuple[Candidate, ...]
    exhausted: bool
    asked: int = 0
    ended: str = ""


class Progress(Record):
    """How far a run is: how many trials it has, and how many calls were answered, paid or from the cache."""

    trials: int
    calls: int


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
