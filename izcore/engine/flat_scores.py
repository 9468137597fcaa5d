"""Tells at once that all instructions score the same, why that may be, and what to do about it."""

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from izcore.config.schema import RunConfig
from izcore.engine.environment import Environment
from izcore.plugin.calls import FinishReason
from izcore.plugin.errors import FlatScoresError, IzWarning
from izcore.plugin.events import NoteAdded
from izcore.plugin.examples import Example
from izcore.plugin.plain_text import plain_line
from izcore.plugin.record import Record
from izcore.plugin.trials import Trial
from izcore.storage.records import RunRecord

FEWEST_ANSWERS = 20
FEWEST_INSTRUCTIONS = 4
FEWEST_EXAMPLES = 5
"""Below any of these, scores may be equal by chance: a hard example is one that nobody solves."""

NEARLY = 0.02
"""Means that are this near to 0 or 1 tell a search as little as 0 and 1 themselves."""

MOST = 0.5
"""The share of the answers for which something must hold to be the likely cause."""

SHOWN = 80
"""Characters of an answer, and of its target, that are shown."""


class FlatScores(Record):
    """That all instructions score the same. ``note`` says so, and why that may be, and what to do.

    ``example`` shows one answer beside its target, and so holds some of the task's data.
    """

    note: str
    example: str

    def __str__(self) -> str:
        return f"{self.note} {self.example}"


class _Scored(NamedTuple):
    example: Example
    answer: str
    finish: FinishReason | None
    score: float


def tell_flat_scores(environment: Environment, record: RunRecord, trials: Sequence[Trial]) -> None:
    """Tell people and observers where all of the trials score the same, and stop if the run is set to.

    Raises FlatScoresError then; the run can be resumed.
    """
    flat = flat_scores(trials, record.plan.splits.validation, record.config)
    if flat is None:
        return
    environment.events.emit(NoteAdded(run_id=record.id, note=flat.note, example=flat.example))
    if record.config.search.stop_when_flat:
        raise FlatScoresError(
            f"Stopped after the first round. {flat.note}",
            hint=f"{flat.example} Go on all the same with: iz resume {record.id} --no-stop-when-flat",
        )
    warnings.warn(str(flat), IzWarning, stacklevel=2)


def flat_scores(
    trials: Sequence[Trial], validation: Sequence[Example], config: RunConfig
) -> FlatScores | None:
    """Say whether all of the trials score 0, or all score 1, or nearly so; None if not, or if too few do.

    At least ``FEWEST_INSTRUCTIONS`` must have given ``FEWEST_ANSWERS`` on ``FEWEST_EXAMPLES`` examples, or on
    all there are: where most instructions have met a single example, that one may be too hard, or too easy,
    for all of them.
    """
    own = [trial for trial in trials if trial.reused is None]
    scored = [each for trial in own for each in _scored(trial, validation)]
    examples = len({each.example for each in scored})
    if (
        len(own) < FEWEST_INSTRUCTIONS
        or len(scored) < FEWEST_ANSWERS
        or examples < min(FEWEST_EXAMPLES, len(validation))
    ):
        return None
    mean = sum(each.score for each in scored) / len(scored)
    level = round(mean)
    if abs(mean - level) > NEARLY:
        return None
    cause, remedy, shown = _right(scored) if level else _wrong(scored, config)
    nearly = "" if mean == level else " or nearly so"
    answer, target = (_clipped(text) for text in (shown.answer, shown.example.targets[0]))
    return FlatScores(
        note=(
            f"All {len(own)} instructions so far score {level}{nearly}, in {len(scored)} answers to "
            f"{examples} examples: {cause}. {remedy}"
        ),
        example=f"For example, {answer!r} was answered where {target!r} is wanted.",
    )


def _scored(trial: Trial, validation: Sequence[Example]) -> Iterable[_Scored]:
    finishes = trial.finishes or (None,) * len(trial.answers)
    for example, score, answer, finish in zip(
        validation, trial.scores, trial.answers, finishes, strict=False
    ):
        if score is not None and answer is not None:
            yield _Scored(example, answer, finish, score)


def _wrong(scored: Sequence[_Scored], config: RunConfig) -> tuple[str, str, _Scored]:
    """Return the likely cause of scores of 0, what to do about it, and an answer that shows it."""
    asks_for_form = any(each.name == "form" for each in config.coordinates)
    form = "" if asks_for_form else "--coordinate form lets the search choose a form of the answer. "
    if cut := _if_most(scored, [each for each in scored if each.finish == "length"]):
        return (
            "most answers were cut at the limit of output tokens",
            f"Raise it, by the option that iz plugins show {config.scorer.name} names. {form}".rstrip(),
            cut,
        )
    if refused := _if_most(scored, [each for each in scored if each.finish in ("refusal", "filtered")]):
        return (
            "most were refused",
            "Choose another model (--scorer), or say what it is for in the prompt (--template).",
            refused,
        )
    if empty := _if_most(scored, [each for each in scored if not each.answer.strip()]):
        return "most answers are empty", "Choose another model (--scorer) or prompt (--template).", empty
    if within := _if_most(scored, [each for each in scored if _has_target(each)]):
        return (
            "the target stands in most answers, in a form that the metric does not count",
            f"{form}The metrics contains, number, json and choice find it there (--metric).",
            within,
        )
    if echoes := _if_most(scored, [each for each in scored if _repeats_input(each)]):
        return (
            "most answers repeat the input",
            f"{form}Or the model is too weak for the task (--scorer).",
            echoes,
        )
    return (
        "the answers are wrong, or in the wrong form",
        f"If the one shown is right, the metric is too strict for it (--metric). {form}Else the model may be "
        "too weak (--scorer), or not be told enough by the prompt (--template).",
        max(scored, key=lambda each: each.finish == "stop"),
    )


def _right(scored: Sequence[_Scored]) -> tuple[str, str, _Scored]:
    """Return the likely cause of scores of 1, what to do about it, and an answer that shows it."""
    stricter = "iz tasks check says whether a stricter metric tells them apart (--metric)."
    if echoes := _if_most(scored, [each for each in scored if _repeats_input(each)]):
        return "the metric is content with answers that repeat the input", stricter, echoes
    return (
        "the model does the task whatever it is told, or the metric is too loose",
        f"Nothing is left to gain, unless on harder examples; {stricter}",
        scored[0],
    )


def _if_most(scored: Sequence[_Scored], found: Sequence[_Scored]) -> _Scored | None:
    return found[0] if len(found) >= MOST * len(scored) else None


def _has_target(each: _Scored) -> bool:
    answer = each.answer.casefold()
    return any(
        re.search(rf"(?<!\w){re.escape(target.strip().casefold())}(?!\w)", answer) is not None
        for target in each.example.targets
        if target.strip()
    )


def _repeats_input(each: _Scored) -> bool:
    given = each.example.full_input.strip().casefold()
    return bool(given) and given in each.answer.casefold()


def _clipped(text: str) -> str:
    line = plain_line(text.strip())
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"
