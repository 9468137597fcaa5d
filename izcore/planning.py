"""Before a run: load the task, fix the splits, and say what it may cost at most."""

from importlib.metadata import version
from typing import TypeVar

import msgspec

from izcore.config import RunConfig, ScoringConfig, TaskConfig
from izcore.errors import UsageError
from izcore.evaluation import DEFAULT_TEMPLATE, check_template, render_prompt, score_answers
from izcore.folders import Folders
from izcore.protocols import Generator, Metric, Scorer
from izcore.records import Estimate, Example, LoadRequest, Price, Prompt, Record, TaskData
from izcore.registry import KINDS, BackendChoice, Registry
from izcore.splits import SMALLEST_SCORED_SPLIT, fingerprint, split_examples
from izcore.store import RunPlan

AnyScoring = TypeVar("AnyScoring", bound=ScoringConfig)

POOL_SURROGATE = "sobol"

TYPICAL_INSTRUCTION = "x" * 160
"""Stands for an instruction that is not written yet, when costs are estimated."""

BYTES_PER_TOKEN = 4
"""A rule of thumb for the estimate alone; the budget itself reserves true upper bounds."""


class PlannedRun(Record):
    """A run that is ready to start: ``config`` now holds metric and prompt template too."""

    config: RunConfig
    plan: RunPlan
    estimate: Estimate


def load_task(registry: Registry, config: TaskConfig, folders: Folders) -> TaskData:
    """Load the task's examples."""
    task = registry.build("task", config.task, folders.context(config.seed))
    data: TaskData = task.load(LoadRequest(seed=config.seed))
    return data


def fix_plan(
    registry: Registry, config: AnyScoring, data: TaskData, folders: Folders
) -> tuple[AnyScoring, RunPlan]:
    """Fix the splits, and fill in the task's own metric and template where the user chose none."""
    template = config.prompt_template or data.prompt_template or DEFAULT_TEMPLATE
    check_template(template)
    metric = config.metric or registry.choose("metric", data.metric, {})
    splits, notes = split_examples(data, config.splits, config.seed)
    _try_metric(registry, metric, splits.validation, folders)
    plan = RunPlan(
        task_name=data.name,
        splits=splits,
        fingerprint=fingerprint(data),
        notes=(*data.notes, *notes),
        versions=_versions(registry, config),
    )
    return msgspec.structs.replace(config, metric=metric, prompt_template=template), plan


def plan_run(registry: Registry, config: RunConfig, folders: Folders) -> PlannedRun:
    """Plan a run, with as large a test split as the limit on calls has room for."""
    data = load_task(registry, config, folders)
    config, plan = fix_plan(registry, config, data, folders)
    context = folders.context(config.seed)
    scorer: Scorer = registry.build("scorer", config.scorer, context)
    generator: Generator = registry.build("generator", config.generator, context)
    plan = _shrink_test(plan, config)
    trials = config.search.total
    pool_size = generator.pool_size()
    if pool_size is not None:
        # A pool ignores latents, so the cheapest surrogate does.
        config = msgspec.structs.replace(config, surrogate=registry.choose("surrogate", POOL_SURROGATE, {}))
        trials = pool_size
    return PlannedRun(config=config, plan=plan, estimate=_estimate(plan, config, scorer, trials))


def tested_instructions(config: RunConfig) -> int:
    """Winner, no instruction, unsteered generator, and the user's own."""
    return 3 + len(config.baselines)


def known_price(config: ScoringConfig, scorer: Scorer) -> Price | None:
    """The user's price for the scorer's model, else the scorer's own."""
    info = scorer.info()
    model = str(info.identity.get("model", config.scorer.name))
    return config.prices.get(model) or config.prices.get(config.scorer.name) or info.price


def _try_metric(
    registry: Registry, choice: BackendChoice, examples: tuple[Example, ...], folders: Folders
) -> None:
    """Score the targets themselves, so that a metric that does not fit the task fails before any call."""
    metric: Metric = registry.build("metric", choice, folders.context(seed=0))
    score_answers(metric, [example.targets[0] if example.targets else "" for example in examples], examples)


def _shrink_test(plan: RunPlan, config: RunConfig) -> RunPlan:
    limit, per_example = config.budget.max_calls, tested_instructions(config)
    if limit is None:
        return plan
    test, validation = plan.splits.test, plan.splits.validation
    # The final test gets at most half of the calls; the search needs the rest to be worth anything.
    kept = min(len(test), limit // 2 // per_example)
    least = min(len(test), SMALLEST_SCORED_SPLIT)
    if kept < least or limit - kept * per_example < len(validation):
        needed = max(2 * per_example * least, 2 * len(validation))
        raise UsageError(
            f"budget.max_calls: {limit} calls are too few; a trial on {len(validation)} validation examples "
            f"and the final test of {per_example} instructions need at least {needed}.",
            hint="Raise --max-calls, or lower splits.validation.",
        )
    if kept == len(test):
        return plan
    note = f"test: {kept} of {len(test)} examples, so that half of the calls is left for the search."
    splits = msgspec.structs.replace(plan.splits, test=test[:kept])
    return msgspec.structs.replace(plan, splits=splits, notes=(*plan.notes, note))


def _estimate(plan: RunPlan, config: RunConfig, scorer: Scorer, trials: int) -> Estimate:
    groups = ((plan.splits.validation, trials), (plan.splits.test, tested_instructions(config)))
    calls = sum(len(examples) * times for examples, times in groups)
    limit = config.budget.max_calls
    share = 1.0 if limit is None else min(1.0, limit / calls)
    input_bytes = sum(
        len(render_prompt(config.prompt_template, TYPICAL_INSTRUCTION, example.input).encode()) * times
        for examples, times in groups
        for example in examples
    )
    answer = scorer.bound(Prompt(text="")).output_tokens
    input_tokens, output_tokens = int(input_bytes / BYTES_PER_TOKEN * share), int(calls * answer * share)
    price = known_price(config, scorer)
    cost = (input_tokens * price.input + output_tokens * price.output) / 1e6 if price else None
    return Estimate(
        trials=trials, calls=int(calls * share), tokens=input_tokens + output_tokens, cost_usd=cost
    )


def _versions(registry: Registry, config: ScoringConfig) -> dict[str, str]:
    versions = {"izcore": version("izcore")}
    for kind in KINDS:
        choice = getattr(config, kind, None)
        if choice is not None:
            plugin = registry.find(kind, choice.name).plugin
            versions[plugin.distribution] = plugin.version
    return versions
