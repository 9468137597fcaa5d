"""The incumbent trajectory of a run: which instruction was the best so far, from how many calls on."""

import itertools
from collections.abc import Sequence

import msgspec

from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance, Trial
from izcore.search.history import History
from izcore.storage.records import RunRecord
from izcore.storage.store import Store


class Incumbent(Record):
    """From ``calls`` calls of the search on, ``guidance`` was the best so far by its validation score."""

    calls: int
    guidance: Guidance


class Trajectory(Record):
    """The incumbents of a search in order, the winner last, and the number of calls of the whole search.

    Calls are those asked, whether paid or answered from the cache, of the black box and of every model that
    writes or grades.
    """

    incumbents: tuple[Incumbent, ...]
    calls: int


def trajectory(store: Store, record: RunRecord, per_answer: int) -> Trajectory:
    """Return the incumbents of a run.

    Each answer of the black box takes ``per_answer`` calls, those of a grading model among them. Where the
    instructions of a round are compared with each other, the incumbent changes only after the round.
    """
    found: list[Incumbent] = []
    history = History([])
    calls = 0
    validation = len(record.plan.splits.validation)
    known = store.trials(record.id)
    searched = [_as_searched(trial, validation) for trial in known]
    for round_, trials in itertools.groupby(searched, key=lambda trial: trial.round):
        proposal = store.proposal(record.id, round_)
        calls = max(calls, proposal.asked if proposal else 0)
        for step in _steps(list(trials), validation):
            for trial in step:
                history.append(trial)
                calls += (trial.calls + trial.cached_calls) * per_answer
            best = history.best
            if best is not None and (not found or found[-1].guidance != best.candidate.guidance):
                found.append(Incumbent(calls=calls, guidance=best.candidate.guidance))
    calls += per_answer * sum(max(0, len(t.scores) - validation) for t in known if t.reused is None)
    winner = record.result.best if record.result else None
    if winner and found[-1].guidance != winner.guidance:
        found.append(Incumbent(calls=calls, guidance=winner.guidance))
    return Trajectory(incumbents=tuple(found), calls=calls)


def _as_searched(trial: Trial, validation: int) -> Trial:
    """What the search knew of a trial, before its instruction met more than the validation examples."""
    if len(trial.scores) <= validation:
        return trial
    return msgspec.structs.replace(trial, scores=trial.scores[:validation], calls=validation, cached_calls=0)


def _steps(trials: list[Trial], validation: int) -> list[Sequence[Trial]]:
    """Where all trials of a round saw all examples, each was judged alone; else all were judged together."""
    alone = all(len(trial.scores) == validation or trial.candidate.refused for trial in trials)
    return [[trial] for trial in trials] if alone else [trials]
