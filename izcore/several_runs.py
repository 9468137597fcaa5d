"""Functions that :mod:`izcore` offers to whoever performs several runs, as a comparison does."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from izcore.config.layers import Settings, build_config
from izcore.config.model_roles import calls_per_answer
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.databases import open_store
from izcore.engine import held_out, incumbents, paired
from izcore.engine.entry import public
from izcore.engine.environment import open_environment
from izcore.engine.incumbents import Trajectory
from izcore.engine.plan import PlannedRun
from izcore.plugin.protocols import Executor
from izcore.plugin.trials import Guidance
from izcore.registry.registry import Registry, discover
from izcore.storage.records import Progress, RunRecord


@public
def configure(layers: Sequence[Settings], *, registry: Registry | None = None) -> RunConfig:
    """Return the configuration of a run that layers of settings make up, each over the one before.

    A layer is shaped like the configuration file. The first lies over the preset that the last one with a
    ``preset`` names.

    Raises :class:`~izcore.plugin.errors.ConfigError`, which names the key, and UnknownNameError.
    """
    return build_config(registry or discover(), layers, RunConfig)


@public
def plan_paired(
    configs: Mapping[str, RunConfig], *, registry: Registry | None = None
) -> dict[str, PlannedRun]:
    """Plan runs of one task and one seed that share their examples, by the same names.

    All have the same demonstrations and the same test examples. A run that takes fewer validation or retest
    examples than another has the first of the other's. So their scores can be compared in pairs.

    Raises UsageError where task or seed differ, and whatever planning raises, with the run's name before it.
    """
    return paired.plan_paired(registry or discover(), configs, Paths.of_this_user())


@public
def find_run(planned: PlannedRun, *, db: str | Path | None = None) -> RunRecord | None:
    """Return the oldest run that was begun with exactly this plan, if there is one."""
    with open_store(db) as store:
        return store.find_run(planned.config, planned.plan)


@public
def progress(run_id: str, *, db: str | Path | None = None) -> Progress:
    """Return how far a run is, in whichever process it happens."""
    with open_store(db) as store:
        return store.progress(run_id)


@public
def trajectory(run_id: str, *, db: str | Path | None = None, registry: Registry | None = None) -> Trajectory:
    """Return which instruction of a run was the best so far, and from how many calls on."""
    with open_store(db) as store:
        record = store.run(run_id)
        per_answer = calls_per_answer(registry or discover(), record.config)
        return incumbents.trajectory(store, record, per_answer)


@public
def score_held_out(
    run_id: str,
    guidances: Sequence[Guidance],
    *,
    db: str | Path | None = None,
    registry: Registry | None = None,
) -> None:
    """Score more instructions on the held-out test examples of a run that has ended.

    The scores are kept with the run; an instruction that has some is not scored again. The calls are outside
    of the run's budget, and their answers cannot change its result.

    Raises UsageError for a run that has not ended, and BackendError where a call failed.
    """
    with open_environment(registry or discover(), db=db) as environment:
        held_out.score_held_out(environment, environment.store.run(run_id), guidances)


@public
def build_executor(
    name: str, options: Mapping[str, Any] | None = None, *, registry: Registry | None = None
) -> Executor:
    """Return an installed executor, such as ``processes``, or ``processes:4`` with its argument.

    Raises UnknownNameError for a name that no plugin has, and ConfigError for options that it does not have.
    """
    found = registry or discover()
    choice = found.choose("executor", name, options or {})
    executor: Executor = found.build("executor", choice, Paths.of_this_user().context(seed=0))
    return executor
