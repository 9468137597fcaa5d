"""Which models a run asks, and what it asks each of them for."""

from izcore.config.schema import ScoringConfig
from izcore.plugin.kinds import KINDS, Kind
from izcore.plugin.record import Record
from izcore.registry.choices import BackendChoice
from izcore.registry.registry import Registry


class ModelRole(Record):
    """What a run asks a model for.

    ``kind``: the kind of backend that asks the model; ``scorer`` for the black box itself.
    ``option``: the option of that backend which names the model; empty for the black box.
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
    for kind in KINDS:
        choice = config.choice_of(kind)
        if kind == "scorer" or choice is None:
            continue
        for option in registry.find(kind, choice.name).backend.models:
            role, named = ModelRole(kind=kind, option=option), choice.options.get(option)
            models[role] = registry.choose_model(named, where=role.name) if named else config.scorer
    return models


def calls_per_answer(registry: Registry, config: ScoringConfig) -> int:
    """Return how many calls the score of an answer takes: one for it, one for each model that grades it."""
    return 1 + sum(role.grades for role in models_by_role(registry, config))


def most_asks(registry: Registry, config: ScoringConfig) -> dict[str, int]:
    """Return how often a model in a role is asked at most for one thing, by the role's name."""
    return {
        role.name: registry.find(role.kind, choice.name).backend.most_asks
        for role in models_by_role(registry, config)
        if (choice := config.choice_of(role.kind)) is not None and role != SCORER
    }
