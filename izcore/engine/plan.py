"""Before a run: load the task, fix the splits, and say what it may cost at most."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TypeVar

import msgspec

from izcore.config.model_roles import SCORER, ModelRole, models_by_role
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig, ScoringConfig, SplitSizes, TaskConfig
from izcore.engine.splits import SMALLEST_SCORED_SPLIT, cut_splits, fingerprint, split_examples
from izcore.engine.warm_start import EarlierRun, start_warm
from izcore.plugin.errors import ConfigError, UsageError
from izcore.plugin.kinds import KINDS
from izcore.plugin.protocols import Generator, Metric, Scorer
from izcore.plugin.records import (
    Example,
    Guidance,
    LoadRequest,
    Price,
    Prompt,
    Record,
    TaskData,
    Usage,
)
from izcore.plugin.registrations import GeneratorRegistration, SurrogateRegistration
from izcore.plugin.results import Estimate
from izcore.registry.registry import BackendChoice, Registry
from izcore.scoring.evaluator import score_answers
from izcore.scoring.prompt import DEFAULT_TEMPLATE, check_template, render_prompt
from izcore.search.evaluation_policies import most_that_see
from izcore.search.exemplars import longest_exemplars
from izcore.search.proposer import trials_in_all
from izcore.storage.records import RunPlan

AnyScoring = TypeVar("AnyScoring", bound=ScoringConfig)

TYPICAL_INSTRUCTION = "x" * 160
"""Stands for an instruction that is not written yet, when costs are estimated."""

TYPICAL_ANSWER = "x" * 400
"""Stands for an answer that is not given yet."""

BYTES_PER_TOKEN = 4
"""A rule of thumb for the estimate alone; the budget itself reserves true upper bounds."""


class PlannedRun(Record):
    """A run that is ready to start: ``config`` now holds metric and prompt template too."""

    config: RunConfig
    plan: RunPlan
    estimate: Estimate


def load_task(registry: Registry, config: TaskConfig, paths: Paths) -> TaskData:
    """Load the task's examples."""
    task = registry.build("task", config.task, paths.context(config.seed))
    data: TaskData = task.load(LoadRequest(seed=config.seed))
    return data


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
    template = config.prompt_template or data.prompt_template or DEFAULT_TEMPLATE
    check_template(template)
    metric = config.metric or registry.choose("metric", data.metric, {})
    splits, notes = split_examples(data, drawn or config.splits, config.seed)
    if drawn is not None:
        splits, notes = cut_splits(splits, config.splits)
    _try_metric(registry, metric, splits.validation, paths)
    plan = RunPlan(
        task_name=data.name,
        splits=splits,
        fingerprint=fingerprint(data),
        notes=(*data.notes, *notes),
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
    """Plan a run, with as large splits for test and retest as the limit on calls has room for.

    ``data`` is the task's, where it is loaded already; for ``drawn`` see :func:`fix_plan`. ``earlier`` is
    the run that ``config.warm_start`` names.
    """
    if config.warm_start and earlier is None:
        raise UsageError("warm_start: runs that are compared must all start afresh.", hint="Leave it out.")
    data = data or load_task(registry, config, paths)
    config, plan = fix_plan(registry, config, data, paths, drawn=drawn)
    if earlier is not None:
        plan = msgspec.structs.replace(plan, notes=data.notes)
        config, plan = start_warm(registry, config, plan, earlier, paths)
    config.few_shot.check(plan.splits.demonstrations)
    context = paths.context(config.seed)
    models: dict[ModelRole, tuple[BackendChoice, Scorer]] = {
        role: (choice, registry.build("scorer", choice, context))
        for role, choice in models_by_role(registry, config).items()
    }
    config.objective.check_price(known_price(config, *models[SCORER]))
    generator: Generator = registry.build("generator", config.generator, context)
    plan = _fit_into_limit(plan, config, calls_per_answer(registry, config))
    trials = trials_in_all(generator, config, plan.carried)
    finite = generator.pool_size() is not None and not config.search.pool
    if finite or not registry.registration(GeneratorRegistration, config.generator.name).uses_latents:
        config = msgspec.structs.replace(config, surrogate=_stand_in(registry))
    estimate = _estimate(plan, config, models, trials)
    return PlannedRun(config=config, plan=plan, estimate=estimate)


def _stand_in(registry: Registry) -> BackendChoice:
    """The surrogate of a run in which latents do not matter, as with a pool of instructions."""
    surrogates = registry.registrations(SurrogateRegistration)
    return registry.choose("surrogate", next(s.name for s, _ in surrogates if s.stands_in), {})


def tested_instructions(config: RunConfig) -> int:
    """Winner, unsteered generator, the user's own, no instruction, and in few-shot the exemplars alone."""
    return 3 + bool(config.few_shot.examples) + len(config.baselines)


def typical_guidance(config: RunConfig, demonstrations: Sequence[Example]) -> Guidance:
    """Stand in for what is not written yet, with the longest exemplars, when costs are estimated."""
    exemplars = longest_exemplars(config.few_shot, demonstrations)
    return Guidance(instruction=TYPICAL_INSTRUCTION, exemplars=exemplars)


def calls_per_answer(registry: Registry, config: ScoringConfig) -> int:
    """One of the black box, and one of each model that the metric asks about the answer."""
    return 1 + sum(role.grades for role in models_by_role(registry, config))


def known_price(config: ScoringConfig, choice: BackendChoice, scorer: Scorer) -> Price | None:
    """The user's price for a scorer's model, else the scorer's own.

    Raises ConfigError where it is not known and money is limited.
    """
    info = scorer.info()
    model = str(info.identity.get("model", choice.name))
    price = config.prices.get(model) or config.prices.get(choice.name) or info.price
    if price is None and config.budget.max_cost is not None:
        raise ConfigError(
            f"budget.max_cost: the price of {model} is not known.",
            hint=f"Give it in a TOML file (--config), in US dollars per million tokens: "
            f'prices."{model}" = {{input = …, output = …}}',
        )
    return price


def graded_prompt(config: ScoringConfig, prompt: Prompt) -> Prompt:
    """Stand in for the prompt in which a metric shows a model the answer to ``prompt``, when costs are
    estimated."""
    metric = str(config.metric.options) if config.metric else ""
    return Prompt(text=prompt.text + metric + TYPICAL_ANSWER)


def _try_metric(
    registry: Registry, choice: BackendChoice, examples: tuple[Example, ...], paths: Paths
) -> None:
    """Score the targets themselves, so that a metric that does not fit the task fails before any call."""
    metric: Metric = registry.build("metric", choice, paths.context(seed=0))
    if registry.find("metric", choice.name).backend.models:
        return  # it would have to ask a model
    answers = [example.targets[0] if example.targets else "" for example in examples]
    asyncio.run(score_answers(metric, answers, examples))


def _fit_into_limit(plan: RunPlan, config: RunConfig, per_answer: int) -> RunPlan:
    """Shorten test and retest where the limit on calls would leave the search too little.

    The final test gets at most half of the calls, comparing the finalists a quarter of the rest.
    """
    limit, per_example = config.budget.max_calls, tested_instructions(config) * per_answer
    if limit is None:
        return plan
    splits = plan.splits
    trial = len(splits.validation) * per_answer
    test = min(len(splits.test), limit // 2 // per_example)
    least = min(len(splits.test), SMALLEST_SCORED_SPLIT)
    left = limit - test * per_example
    if test < least or left < trial:
        needed = max(2 * per_example * least, 2 * trial)
        raise UsageError(
            f"budget.max_calls: {limit} calls are too few; a trial on {len(splits.validation)} validation "
            f"examples and the final test of {tested_instructions(config)} instructions need at least "
            f"{needed}.",
            hint="Raise --max-calls, or lower splits.validation.",
        )
    retest = min(len(splits.retest), left // 4 // (config.evaluation.finalists * per_answer))
    notes = tuple(
        f"{name}: {kept} of {len(wanted)} examples, so that most of the calls are left for the search."
        for name, kept, wanted in (("test", test, splits.test), ("retest", retest, splits.retest))
        if kept < len(wanted)
    )
    shorter = msgspec.structs.replace(splits, test=splits.test[:test], retest=splits.retest[:retest])
    return msgspec.structs.replace(plan, splits=shorter, notes=(*plan.notes, *notes))


def _estimate(
    plan: RunPlan, config: RunConfig, models: Mapping[ModelRole, tuple[BackendChoice, Scorer]], trials: int
) -> Estimate:
    """Add up what black box, grading models and writing models may take."""
    splits = plan.splits
    rounds = [
        most_that_see(config.evaluation, len(splits.validation), size, trials)
        for size in _round_sizes(config, trials)
    ]
    finalists = min(trials, config.evaluation.finalists)
    asked_about = [
        *zip(splits.validation, map(sum, zip(*rounds, strict=True)), strict=True),
        *((example, finalists) for example in splits.retest),
        *((example, tested_instructions(config)) for example in splits.test),
    ]
    guidance = typical_guidance(config, splits.demonstrations)
    prompts = [
        (Prompt(text=render_prompt(config.prompt_template, guidance, example.input)), times)
        for example, times in asked_about
    ]
    writing = Prompt(text="".join(example.input for example in plan.splits.demonstrations))
    calls, tokens, cost = 0, 0, 0.0
    unknown = False
    for role, (choice, scorer) in models.items():
        asked = prompts
        if role.grades:
            asked = [(graded_prompt(config, prompt), times) for prompt, times in prompts]
        elif role != SCORER:
            asked = [(writing, trials)]
        usage = Usage(
            input_tokens=sum(len(prompt.text.encode()) * times for prompt, times in asked) // BYTES_PER_TOKEN,
            output_tokens=sum(times * scorer.bound(prompt).output_tokens for prompt, times in asked),
        )
        price = known_price(config, choice, scorer)
        calls, tokens = calls + sum(times for _, times in asked), tokens + usage.total
        unknown, cost = unknown or price is None, cost + (price.cost(usage) if price else 0.0)
    limit = config.budget.max_calls
    share = 1.0 if limit is None else min(1.0, limit / calls)
    return Estimate(
        trials=trials,
        calls=int(calls * share),
        tokens=int(tokens * share),
        cost_usd=None if unknown else cost * share,
    )


def _round_sizes(config: RunConfig, trials: int) -> list[int]:
    initial = min(trials, config.search.initial)
    full, rest = divmod(trials - initial, config.search.batch)
    return [initial, *[config.search.batch] * full, *([rest] if rest else [])]


def _versions(registry: Registry, config: ScoringConfig) -> dict[str, str]:
    versions = {"izcore": version("izcore")}
    for kind in KINDS:
        choice = getattr(config, kind, None)
        if choice is not None:
            plugin = registry.find(kind, choice.name).plugin
            versions[plugin.distribution] = plugin.version
    return versions
