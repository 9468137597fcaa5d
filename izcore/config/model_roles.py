"""Which models a run asks, and what it asks each of them for."""

from collections.abc import Iterator

from izcore.config.schema import ScoringConfig
from izcore.plugin.kinds import KINDS, Kind
from izcore.plugin.record import Record
from izcore.plugin.registrations import BackendRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.members import members_of
from izcore.registry.registry import Registry


class ModelRole(Record):
    """What a run asks a model for.

    ``kind``: the kind of backend that asks the model; ``scorer`` for the black box itself.
    ``option``: the option of that backend which names the model, behind the name of the generator that asks
    where several write; empty for the black box.
    """

    kind: Kind
    option: str = ""

    @property
    def name(self) -> str:
        """What people and observers call the role: ``scorer``, ``metric.judge``, ``generator.writer`` …"""
        return f"{self.kind}.{self.option}" if self.option else self.kind

    @property
    def grades(self) -> bool:
        """Whether a metric asks this model about each answer."""
        return self.kind == "metric"


SCORER = ModelRole(kind="scorer")
"""The role of the black box whose answers are scored."""


def models_by_role(registry: Registry, config: ScoringConfig) -> dict[ModelRole, BackendChoice]:
    """Return the models that a run asks: the black box first, then those that its backends ask.

    Where the option of a role names no model, that is the black box again. Raises ConfigError or
    UnknownNameError where an option names no model that is installed.
    """
    models = {SCORER: config.scorer}
    for role, _, named in _askers(registry, config):
        models[role] = registry.choose_model(named, where=role.name) if named else config.scorer
    return models


def calls_per_answer(registry: Registry, config: ScoringConfig) -> int:
    """Return how many calls the score of an answer takes: one for it, one for each model that grades it."""
    return 1 + sum(role.grades for role in models_by_role(registry, config))


def most_asks(registry: Registry, config: ScoringConfig) -> dict[str, int]:
    """Return how often a model in a role is asked at most for one thing, by the role's name."""
    return {role.name: backend.most_asks for role, backend, _ in _askers(registry, config)}


def writers_sharing(registry: Registry, config: ScoringConfig) -> int:
    """Return among how many generators a run's instructions are shared out: those of the chosen one, or 1."""
    choice = config.choice_of("generator")
    return max(len(members_of(registry, choice)), 1) if choice else 1


def _askers(
    registry: Registry, config: ScoringConfig
) -> Iterator[tuple[ModelRole, BackendRegistration, object]]:
    """Yield each role but the black box's, the backend that asks, and what it says about the model."""
    for kind in KINDS:
        choice = config.choice_of(kind)
        if kind == "scorer" or choice is None:
            continue
        members = members_of(registry, choice) if kind == "generator" else {}
        asking = {"": choice, **{f"{name}.": member for name, member in members.items()}}
        for prefix, asker in asking.items():
            backend = registry.find(kind, asker.name).backend
            for option in backend.models:
                yield ModelRole(kind=kind, option=prefix + option), backend, asker.options.get(option)
