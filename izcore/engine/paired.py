"""Plans runs whose results can be compared in pairs, because they meet the same examples."""

from collections.abc import Mapping

import msgspec

from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, SplitSizes
from izcore.engine.plan import PlannedRun, load_task, plan_run
from izcore.plugin.errors import UsageError, about
from izcore.registry.registry import Registry


def plan_paired(registry: Registry, configs: Mapping[str, RunConfig], paths: Paths) -> dict[str, PlannedRun]:
    """Plan runs of one task and one seed that share their examples, by the same names.

    All have the same demonstrations and the same test examples. A run that takes fewer validation or retest
    examples than another has the first of the other's.

    Raises UsageError where task or seed differ, or templates tell other examples apart, and whatever
    planning raises, with the run's name before it.
    """
    first = next(iter(configs.values()))
    for name, config in configs.items():
        if (config.task, config.seed) != (first.task, first.seed):
            raise UsageError(f"{name}: runs that share their examples have one task and one seed.")
    sizes = [config.splits for config in configs.values()]
    drawn = SplitSizes(
        **{split: max(getattr(each, split) for each in sizes) for split in SplitSizes.__struct_fields__}
    )
    data = load_task(registry, first, paths)
    plans = {}
    for name, config in configs.items():
        splits = msgspec.structs.replace(config.splits, test=drawn.test)
        with about(name):
            plans[name] = plan_run(
                registry, msgspec.structs.replace(config, splits=splits), paths, data=data, drawn=drawn
            )
    return _on_the_same_test(plans)


def _on_the_same_test(plans: Mapping[str, PlannedRun]) -> dict[str, PlannedRun]:
    """Cut all tests to the shortest: a run that tests more baselines has room for fewer examples."""
    shortest = min(len(planned.plan.splits.test) for planned in plans.values())
    same: dict[str, PlannedRun] = {}
    tested = [
        [(example.input, example.targets) for example in planned.plan.splits.test[:shortest]]
        for planned in plans.values()
    ]
    for (name, planned), examples in zip(plans.items(), tested, strict=True):
        if examples != tested[0]:
            raise UsageError(
                f"{name}: to its prompt template other examples look alike than to that of "
                f"{next(iter(plans))}, so they cannot be tested on the same.",
                hint="Let all templates show the columns that tell examples apart.",
            )
        splits = msgspec.structs.replace(planned.plan.splits, test=planned.plan.splits.test[:shortest])
        plan = msgspec.structs.replace(planned.plan, splits=splits)
        same[name] = msgspec.structs.replace(planned, plan=plan)
    return same
