"""Quality against calls: which instruction led when, and how well it does on the test examples."""

import asyncio
import itertools
from collections.abc import Sequence

import msgspec

from izcore.config.schema import Limits
from izcore.engine.environment import Environment
from izcore.engine.plan import calls_per_answer
from izcore.engine.session import open_session
from izcore.plugin.errors import BackendError
from izcore.plugin.records import Guidance, Record, Trial
from izcore.registry.registry import Registry
from izcore.search.history import History
from izcore.storage.records import RunRecord
from izcore.storage.store import Store


class Lead(Record):
    """From ``calls`` calls of the search on, this instruction was the best by validation."""

    calls: int
    guidance: Guidance


class CurvePoint(Record):
    """From ``calls`` calls of the search on, the best so far scores ``test`` on the test examples."""

    calls: int
    test: float


class Curve(Record):
    """Quality against calls of one run, from the first point on.

    ``calls`` is what its whole search asked, ``examples`` the number of test examples.
    """

    points: tuple[CurvePoint, ...]
    calls: int
    examples: int

    @property
    def begin(self) -> int:
        """The calls after which there was a best instruction."""
        return self.points[0].calls

    def at(self, calls: int) -> float:
        """Return the quality after so many calls, at least :attr:`begin`."""
        return next(point.test for point in reversed(self.points) if point.calls <= calls)


def leaders(store: Store, record: RunRecord, per_answer: int = 1) -> tuple[list[Lead], int]:
    """Return who led when, in order, and the calls of the whole search.

    Calls are those asked, whether paid or cached, the writing models' among them. Each answer of the black
    box takes ``per_answer`` calls, those of a grading model among them. The last leader is the run's winner.
    """
    leads: list[Lead] = []
    history = History([])
    calls = 0
    validation = len(record.plan.splits.validation)
    known = store.trials(record.id)
    searched = [_as_searched(trial, validation) for trial in known]
    for round_, trials in itertools.groupby(searched, key=lambda trial: trial.round):
        proposal = store.proposal(record.id, round_)
        calls = max(calls, proposal.asked if proposal else 0)
        for step in _steps(list(trials), whole=record.config.evaluation.policy != "full"):
            for trial in step:
                history.append(trial)
                calls += (trial.calls + trial.cached_calls) * per_answer
            best = history.best
            if best is not None and (not leads or leads[-1].guidance != best.candidate.guidance):
                leads.append(Lead(calls=calls, guidance=best.candidate.guidance))
    calls += per_answer * sum(max(0, len(t.scores) - validation) for t in known if t.reused is None)
    winner = record.result.best if record.result else None
    if winner and leads[-1].guidance != winner.guidance:
        leads.append(Lead(calls=calls, guidance=winner.guidance))
    return leads, calls


def unscored_leaders(store: Store, record: RunRecord) -> list[Guidance]:
    """Return the instructions that led for a time and have no score on the test examples yet."""
    known = store.test_scores(record.id)
    led = dict.fromkeys(lead.guidance for lead in leaders(store, record)[0])
    return [guidance for guidance in led if guidance.key not in known]


async def score_leaders(environment: Environment, record: RunRecord) -> None:
    """Score every instruction that led for a time on the test examples of a finished run.

    These calls are outside of the run's budget: they describe the search and had no part in it.
    """
    missing = unscored_leaders(environment.store, record)
    if not missing:
        return
    config = msgspec.structs.replace(record.config, budget=Limits())
    async with open_session(environment, config, f"curve-{record.id}") as parts:
        evaluations = await asyncio.gather(
            *(parts.evaluator.evaluate(guidance, record.plan.splits.test) for guidance in missing)
        )
    scores = {guidance.key: each.scores for guidance, each in zip(missing, evaluations, strict=True)}
    if any(None in each for each in scores.values()):
        raise BackendError(
            "Calls failed while the curve was scored, so there is no plot yet.",
            hint="The runs are kept; try again when the scorer answers.",
        )
    environment.store.add_test_scores(record.id, scores)


def curve_of(registry: Registry, store: Store, record: RunRecord) -> Curve:
    """Return the curve of a run whose leaders are scored."""
    scores = store.test_scores(record.id)
    leads, calls = leaders(store, record, calls_per_answer(registry, record.config))
    points = []
    for lead in leads:
        known = [score for score in scores[lead.guidance.key] if score is not None]
        points.append(CurvePoint(calls=lead.calls, test=sum(known) / len(known)))
    return Curve(points=tuple(points), calls=calls, examples=len(record.plan.splits.test))


def _as_searched(trial: Trial, validation: int) -> Trial:
    """What the search knew of a trial, before its instruction met more than the validation examples."""
    if len(trial.scores) <= validation:
        return trial
    return msgspec.structs.replace(trial, scores=trial.scores[:validation], calls=validation, cached_calls=0)


def _steps(trials: list[Trial], *, whole: bool) -> list[Sequence[Trial]]:
    """After each trial somebody leads, but where a round's trials are judged together only after all."""
    return [trials] if whole else [[trial] for trial in trials]
