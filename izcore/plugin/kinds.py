"""The kinds of what plugins offer under a name of its own, in one table: a new kind is one entry of it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from izcore.plugin import protocols, registrations
from izcore.plugin.record import Record

Kind = Literal[
    "generator",
    "scorer",
    "surrogate",
    "task",
    "metric",
    "tracker",
    "evaluation_policy",
    "coordinate",
    "executor",
    "exporter",
    "command",
]
"""The names of the table, for type checkers, which cannot read them from it."""


class KindEntry(Record):
    """A kind: how it is registered, and what it must be able to do.

    ``hook`` registers it, with records of the type ``registration``. ``protocol`` is what an object of the
    kind can do; None where nothing is built from options, as for commands. ``conformance`` is the import path
    of the class with its tests, which need pytest.
    """

    hook: str
    registration: type[registrations.Registration]
    conformance: str
    protocol: type | None = None


KINDS: Mapping[Kind, KindEntry] = MappingProxyType(
    {
        "generator": KindEntry(
            hook="izcore_generators",
            registration=registrations.GeneratorRegistration,
            protocol=protocols.Generator,
            conformance="izcore.testing:GeneratorConformance",
        ),
        "scorer": KindEntry(
            hook="izcore_scorers",
            registration=registrations.ScorerRegistration,
            protocol=protocols.Scorer,
            conformance="izcore.testing:ScorerConformance",
        ),
        "surrogate": KindEntry(
            hook="izcore_surrogates",
            registration=registrations.SurrogateRegistration,
            protocol=protocols.Surrogate,
            conformance="izcore.testing:SurrogateConformance",
        ),
        "task": KindEntry(
            hook="izcore_tasks",
            registration=registrations.TaskRegistration,
            protocol=protocols.Task,
            conformance="izcore.testing:TaskConformance",
        ),
        "metric": KindEntry(
            hook="izcore_metrics",
            registration=registrations.MetricRegistration,
            protocol=protocols.Metric,
            conformance="izcore.testing:MetricConformance",
        ),
        "tracker": KindEntry(
            hook="izcore_trackers",
            registration=registrations.TrackerRegistration,
            protocol=protocols.Tracker,
            conformance="izcore.testing:TrackerConformance",
        ),
        "evaluation_policy": KindEntry(
            hook="izcore_evaluation_policies",
            registration=registrations.EvaluationPolicyRegistration,
            protocol=protocols.EvaluationPolicy,
            conformance="izcore.testing:EvaluationPolicyConformance",
        ),
        "coordinate": KindEntry(
            hook="izcore_coordinates",
            registration=registrations.CoordinateRegistration,
            protocol=protocols.Coordinate,
            conformance="izcore.testing:CoordinateConformance",
        ),
        "executor": KindEntry(
            hook="izcore_executors",
            registration=registrations.ExecutorRegistration,
            protocol=protocols.Executor,
            conformance="izcore.testing:ExecutorConformance",
        ),
        "exporter": KindEntry(
            hook="izcore_exporters",
            registration=registrations.ExporterRegistration,
            protocol=protocols.Exporter,
            conformance="izcore.testing:ExporterConformance",
        ),
        "command": KindEntry(
            hook="izcore_commands",
            registration=registrations.CommandRegistration,
            conformance="izcore.testing:CommandConformance",
        ),
    }
)


def kind_registered_by(registration: type[registrations.Registration]) -> Kind:
    """Return the kind that has this type of registration."""
    return next(kind for kind, entry in KINDS.items() if entry.registration is registration)


def words(kind: str) -> str:
    """Return what people call a kind, such as "evaluation policy"."""
    return kind.replace("_", " ")


def plural(kind: Kind) -> str:
    """Return what people call several of a kind, such as "evaluation policies"."""
    return words(KINDS[kind].hook.removeprefix("izcore_"))
