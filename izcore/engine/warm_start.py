"""A warm start: the best instructions of an earlier run on the same task come first, on the same examples."""

import msgspec

from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.plugin.errors import UsageError
from izcore.plugin.protocols import Scorer
from izcore.plugin.record import Record
from izcore.plugin.trials import Candidate, Trial
from izcore.registry.choices import BackendChoice
from izcore.registry.registry import Registry
from izcore.search.history import History
from izcore.storage.records import RunPlan, RunRecord
from izcore.storage.store import Store

Chosen = BackendChoice | tuple[BackendChoice, ...] | None


class EarlierRun(Record):
    """A run to start from, and its trials."""

    record: RunRecord
    trials: tuple[Trial, ...]


def find_earlier_run(store: Store, config: RunConfig) -> EarlierRun | None:
    """Return the run that ``config.warm_start`` names, if it names one."""
    if not config.warm_start:
        return None
    record = store.run(config.warm_start)
    return EarlierRun(record=record, trials=tuple(store.trials(record.id)))


def start_warm(
    registry: Registry, config: RunConfig, plan: RunPlan, earlier: EarlierRun, paths: Paths
) -> tuple[RunConfig, RunPlan]:
    """Return configuration and plan of a run that starts with what an earlier one found.

    The new run takes over the earlier one's splits: so scores compare, answers are in the cache, and no test
    example was seen by the earlier search. Raises UsageError where scores of the two would not mean the same.
    """
    record = earlier.record
    _check_alike(registry, config, plan, record, paths)
    carried = best_candidates(
        earlier,
        count=min(config.warm_start_trials, config.search.initial),
        with_latents=config.seed == record.config.seed
        and _same(config.generator, record.config.generator)
        and _same(config.coordinates, record.config.coordinates),
    )
    if not carried:
        raise UsageError(
            f"warm_start: run {record.id} has no instruction that was scored without failures.",
            hint=f"Finish it first: iz resume {record.id}",
        )
    splits = record.plan.splits
    sizes = msgspec.structs.replace(
        record.config.splits,
        demonstrations=len(splits.demonstrations),
        validation=len(splits.validation),
        retest=len(splits.retest),
        test=len(splits.test),
    )
    notes = [
        f"Starts with the {len(carried)} best of run {record.id}, on that run's examples; "
        "[splits] does not count."
    ]
    if not carried[0].latent:
        notes.append(
            "Another generator or seed wrote them, so the surrogate cannot learn from their latents."
        )
    config = msgspec.structs.replace(config, warm_start=record.id, splits=sizes)
    return config, msgspec.structs.replace(plan, splits=splits, carried=carried, notes=(*plan.notes, *notes))


def best_candidates(earlier: EarlierRun, *, count: int, with_latents: bool) -> tuple[Candidate, ...]:
    """Return the ``count`` best instructions of those that saw most validation examples, the best first.

    What the retest said of them is left aside, so that its examples are fresh for the new run. Latents and
    features are dropped where they mean nothing to the new run's generator.
    """
    seen = len(earlier.record.plan.splits.validation)
    history = History(msgspec.structs.replace(t, scores=t.scores[:seen]) for t in earlier.trials)
    candidates = (trial.candidate for trial in history.finalists(count))
    if with_latents:
        return tuple(candidates)
    return tuple(msgspec.structs.replace(c, latent=(), features=()) for c in candidates)


def _same(choice: Chosen, other: Chosen) -> bool:
    """Compare as JSON: what was read from the database has lists for tuples."""
    return msgspec.json.encode(choice, order="sorted") == msgspec.json.encode(other, order="sorted")


def _check_alike(
    registry: Registry, config: RunConfig, plan: RunPlan, record: RunRecord, paths: Paths
) -> None:
    same_template = config.prompt_template == record.config.prompt_template
    # Another template may show other fields, and then the data differ for that alone.
    if same_template and plan.fingerprint != record.plan.fingerprint:
        raise UsageError(
            f"warm_start: run {record.id} was on {record.task}, which is another task or has other data.",
            hint="Name a run on the same data (iz runs list).",
        )
    context = paths.context(config.seed)
    scorers: list[Scorer] = [
        registry.build("scorer", each.scorer, context) for each in (config, record.config)
    ]
    differing = [
        what
        for what, same in (
            ("the scorer", scorers[0].info().identity == scorers[1].info().identity),
            ("the metric", _same(config.metric, record.config.metric)),
            ("few_shot", config.few_shot == record.config.few_shot),
            ("the prompt template", same_template),
            ("the placement", config.placement == record.config.placement),
        )
        if not same
    ]
    if differing:
        raise UsageError(
            f"warm_start: the scores of run {record.id} would not mean the same here; what differs is "
            f"{' and '.join(differing)}.",
            hint=f"Use the same (iz runs show {record.id}), or start without it.",
        )
