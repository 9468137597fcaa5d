"""Before a run: load the task, fix the splits, and say what it is likely to cost, and the most."""

from importlib.metadata import version
from typing import TypeVar

import msgspec

from izcore.config.model_roles import (
    SCORER,
    ModelRole,
    calls_per_answer,
    models_by_role,
    most_asks,
    writers_sharing,
)
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig, SplitSizes, TaskConfig
from izcore.config.stand_ins import describe_stand_in
from izcore.engine.coordinates import (
    check_exemplars,
    longest_clauses,
    plan_coordinates,
    search_coordinates,
    starting_candidates,
)
from izcore.engine.estimate import estimate_run
from izcore.engine.limits import fit_into_limits, rooms
from izcore.engine.metric_advice import advise_metric
from izcore.engine.metric_check import check_metric
from izcore.engine.prices import known_price, model_name
from izcore.engine.splits import cut_splits, fingerprint, split_examples
from izcore.engine.template import choose_template, data_as_shown
from izcore.engine.warm_start import EarlierRun, start_warm
from izcore.engine.workload import LONGEST_INSTRUCTION, Size
from izcore.plugin.errors import UsageError
from izcore.plugin.estimates import Estimate
from izcore.plugin.examples import LoadRequest, TaskData
from izcore.plugin.kinds import KINDS
from izcore.plugin.plain_text import plain, plain_line
from izcore.plugin.protocols import EvaluationPolicy, Generator, Scorer
from izcore.plugin.record import Record
from izcore.plugin.registrations import GeneratorRegistration, SurrogateRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.members import members_of
from izcore.registry.registry import Registry
from izcore.search.extent import trials_in_all
from izcore.search.rungs import rounds_of
from izcore.storage.records import RunPlan

AnyScoring = TypeVar("AnyScoring", bound=ScoringConfig)


class PlannedRun(Record):
    """A run that is ready to start: ``config`` now holds metric and prompt template too."""

    config: RunConfig
    plan: RunPlan
    estimate: Estimate


def load_task(registry: Registry, config: TaskConfig, paths: Paths) -> TaskData:
    """Load the task's examples. Its name and notes are text that can be kept: names of files may be none."""
    task = registry.build("task", config.task, paths.context(config.seed))
    data: TaskData = task.load(LoadRequest(seed=config.seed))
    return msgspec.structs.replace(
        data,
        name=plain_line(data.name),
        description=plain(data.description),
        notes=tuple(map(plain, data.notes)),
    )


def fix_plan(
    registry: Registry,
    config: AnyScoring,
    data: TaskData,
    paths: Paths,
    *,
    drawn: SplitSizes | None = None,
) -> tuple[AnyScoring, RunPlan]:
    """Fix the splits, and fill in the task's own metric and template where the user chose none.

    With ``drawn`` the run's splits are cut from splits of these sizes, which several runs share.
    """
    template = choose_template(data, config.prompt_template, config.placement)
    data = data_as_shown(data, template)
    metric = config.metric or registry.choose("metric", data.metric, {})
    splits, notes = split_examples(data, drawn or config.splits, config.seed)
    if drawn is not None:
        splits, notes = cut_splits(splits, config.splits)
    metric_notes = check_metric(registry, metric, splits.validation, paths)
    if config.metric is None:
        metric_notes = (*advise_metric(data.metric, splits), *metric_notes)
    plan = RunPlan(
        task_name=data.name,
        splits=splits,
        fingerprint=fingerprint(data),
        notes=(*data.notes, *notes, *metric_notes),
        versions=_versions(registry, config),
    )
    return msgspec.structs.replace(config, metric=metric, prompt_template=template), plan


def plan_run(
    registry: Registry,
    config: RunConfig,
    paths: Paths,
    *,
    data: TaskData | None = None,
    drawn: SplitSizes | None = None,
    earlier: EarlierRun | None = None,
) -> PlannedRun:
    """Plan a run, with as large a test and retest, and as wide a first round, as its limits have room for.

    ``data`` is the task's, where it is loaded already; for ``drawn`` see :func:`fix_plan`. ``earlier`` is
    the run that ``config.warm_start`` names.
    """
    if config.warm_start and earlier is None:
        raise UsageError("warm_start: runs that are compared must all start afresh.", hint="Leave it out.")
    data = data or load_task(registry, config, paths)
    config, plan = fix_plan(registry, config, data, paths, drawn=drawn)
    if earlier is not None:
        plan = msgspec.structs.replace(plan, notes=data_as_shown(data, config.prompt_template).notes)
        config, plan = start_warm(registry, config, plan, earlier, paths)
    config.few_shot.check(plan.splits.demonstrations)
    context = paths.context(config.seed, planning=True)
    models: dict[ModelRole, tuple[BackendChoice, Scorer]] = {
        role: (choice, registry.build("scorer", choice, context))
        for role, choice in models_by_role(registry, config).items()
    }
    config.objective.check_price(known_price(config, *models[SCORER]))
    messages = models[SCORER][1].info().messages
    planned, left_out = plan_coordinates(registry, config, plan.splits, messages=messages, paths=paths)
    told = (*left_out, *describe_stand_in(registry, config, model_name(*models[SCORER])))
    plan = msgspec.structs.replace(plan, coordinates=planned, notes=(*plan.notes, *told))
    coordinates = search_coordinates(config, plan)
    check_exemplars(config, coordinates)
    plan = msgspec.structs.replace(plan, starting=starting_candidates(config, coordinates))
    generator: Generator = registry.build("generator", config.generator, context)
    registration = registry.registration(GeneratorRegistration, config.generator.name)
    unsteered = bool(registration.unsteered)
    finite = generator.pool_size() is not None and not config.search.pool
    learns_from_latents = registry.registration(SurrogateRegistration, config.surrogate.name).reads_latents
    if finite or (learns_from_latents and not registration.uses_latents):
        config = msgspec.structs.replace(config, surrogate=_stand_in(registry))
    policy = evaluation_policy(registry, config, paths)
    trials = trials_in_all(generator, config, plan, coordinates)
    size = Size(
        trials=trials,
        rounds=rounds_of(policy, config.search, len(plan.splits.validation), trials, len(plan.starting)),
        starting=len(plan.starting),
        coordinates=coordinates,
        unsteered=unsteered,
        longest_instruction=_longest_instruction(generator, config, plan),
        most_asks=most_asks(registry, config),
        writers=writers_sharing(registry, config),
    )
    whole = estimate_run(plan.splits, config, models, size)
    found = rooms(config.budget, whole, calls_per_answer(registry, config))
    config, plan = fit_into_limits(plan, config, whole, found, size)
    trials = trials_in_all(generator, config, plan, coordinates)
    rounds = rounds_of(policy, config.search, len(plan.splits.validation), trials, len(plan.starting))
    size = msgspec.structs.replace(size, trials=trials, rounds=rounds, starting=len(plan.starting))
    # Whether a limit is enough is a question about the run as it was wanted.
    estimate = msgspec.structs.replace(estimate_run(plan.splits, config, models, size), limits=whole.limits)
    return PlannedRun(config=config, plan=plan, estimate=estimate)


def check_ready(registry: Registry, config: ScoringConfig, paths: Paths) -> None:
    """Raise UsageError for what keeps the models of a planned run from being asked, such as a missing key."""
    for choice in models_by_role(registry, config).values():
        registry.build("scorer", choice, paths.context(config.seed))


def evaluation_policy(registry: Registry, config: RunConfig, paths: Paths) -> EvaluationPolicy | None:
    """Build a run's evaluation policy; None where every instruction sees all validation examples."""
    choice = config.evaluation.policy
    if choice is None:
        return None
    policy: EvaluationPolicy = registry.build("evaluation_policy", choice, paths.context(config.seed))
    return policy


def _longest_instruction(generator: Generator, config: RunConfig, plan: RunPlan) -> int:
    """Return the most bytes that an instruction of the run is reckoned to have."""
    longest = generator.longest_instruction()
    own = (candidate.instruction for candidate in (*plan.carried, *plan.starting))
    clauses = longest_clauses(search_coordinates(config, plan))
    written = (LONGEST_INSTRUCTION if longest is None else longest) + clauses
    return max(
        written, *(len(text.encode("utf-8", "surrogatepass")) for text in (*config.baselines, *own)), 0
    )


def _stand_in(registry: Registry) -> BackendChoice:
    """The surrogate of a run in which latents do not matter, as with a pool of instructions."""
    surrogates = registry.registrations(SurrogateRegistration)
    return registry.choose("surrogate", next(s.name for s, _ in surrogates if s.stands_in), {})


def _versions(registry: Registry, config: ScoringConfig) -> dict[str, str]:
    versions = {"izcore": version("izcore")}
    chosen = [(kind, choice) for kind in KINDS if (choice := config.choice_of(kind)) is not None]
    for kind, choice in chosen:
        several = members_of(registry, choice).values() if kind == "generator" else ()
        for each in (choice, *several):
            plugin = registry.find(kind, each.name).plugin
            versions[plugin.distribution] = plugin.version
    return versions
