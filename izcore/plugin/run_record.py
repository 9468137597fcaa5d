"""A run as people and exporters read it: its settings, trials and scores, as records and as flat rows."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from izcore.plugin.calls import FinishReason
from izcore.plugin.examples import Example, Splits
from izcore.plugin.record import Record
from izcore.plugin.results import RunResult, RunStatus
from izcore.plugin.trials import Guidance, Trial

Row = dict[str, str | int | float | None]
"""A line of a table: values by the names of their columns. Rows of one kind all have the same columns."""

THIS_INSTRUCTION = "this instruction"
"""What a run's winner is called beside the baselines."""


_Given = tuple[float | None, str | None, FinishReason | None, str | None]
"""A score, the answer, how it ended, and what was thought before it."""


class TrialAnswer(Record):
    """What the black box answered to one example under the instruction of one trial, and its score."""

    trial: int
    """Index of the trial."""
    split: Literal["validation", "retest"]
    """The examples to which this one belongs."""
    example: int
    """Index of the example within its split."""
    input: str
    """The example's input."""
    targets: tuple[str, ...]
    """The answers that count as right."""
    answer: str | None
    """The black box's answer; None if the call failed or the answer was not kept."""
    score: float | None
    """The answer's score, in [0, 1]; None if the example is set aside for all instructions."""
    finish: FinishReason | None
    """How the answer ended; None if the call failed or this was not kept."""
    reasoning: str = ""
    """What the black box thought before it answered, where it is told; no part of the answer."""


class InstructionScores(Record):
    """Scores of one instruction on every example of the sealed test split, and the answers that got them.

    Runs of older versions have the scores alone.
    """

    name: str
    """What the result calls it: "this instruction" for the winner, else a baseline's name; "" for neither."""
    guidance: Guidance
    """The instruction, with its exemplars."""
    scores: tuple[float | None, ...]
    """One score in [0, 1] per test example, in order; None where the example is set aside."""
    answers: tuple[str | None, ...] = ()
    """What the black box answered, in the same order; None where there is no answer."""
    finishes: tuple[FinishReason | None, ...] = ()
    """How each answer ended; None where there is none."""
    reasonings: tuple[str, ...] = ()
    """What the black box thought before each answer, where it is told; empty where no answer has any."""


class Run(Record):
    """A run as it stands in the database, finished or not.

    >>> import izcore
    >>> run = izcore.run("last")  # doctest: +SKIP
    >>> pandas.DataFrame(run.trial_rows()).sort_values("mean")  # doctest: +SKIP
    """

    id: str
    """Its name, as ``iz runs list`` shows it."""
    task: str
    """The task's name."""
    status: RunStatus
    """How far it got."""
    seed: int
    """What everything random in it was decided by."""
    created: float
    """When it began, in seconds since 1970."""
    seconds: float = 0.0
    """How long it has worked so far."""
    config: Mapping[str, Any] = {}
    """Its settings, shaped like the configuration file, every option at its effective value."""
    splits: Splits | None = None
    """The task's examples as the run uses them."""
    versions: Mapping[str, str] = {}
    """The versions of the distributions that its backends come from, by name."""
    notes: tuple[str, ...] = ()
    """What was guessed or changed while it was planned."""
    generator_state: Mapping[str, Any] | None = None
    """What its generator worked out before the search; None until then."""
    trials: tuple[Trial, ...] = ()
    """Its trials, in the order in which they were scored."""
    test_scores: tuple[InstructionScores, ...] = ()
    """Scores on the test split of winner, baselines and whatever was scored beside them, each text once."""
    result: RunResult | None = None
    """What it found; None until it has ended."""

    @property
    def answers(self) -> tuple[TrialAnswer, ...]:
        """Every answer of every trial, but those of trials that reuse another trial's answers."""
        return tuple(
            answer for trial in self.trials if trial.reused is None for answer in self._answers(trial)
        )

    def trial_rows(self) -> list[Row]:
        """Return one row per trial.

        The columns are ``run``, ``trial``, ``round``, ``instruction``, ``raw`` (as the writer wrote it),
        ``writer`` (which of several wrote it), ``refused`` (for what no call was spent on it), ``exemplars``,
        ``reused`` (the trial with the same instruction), ``mean`` (of the scores), ``penalty``, ``examples``
        (how many it met), ``failed`` (how many are set aside), ``calls``, ``cached_calls``,
        ``input_tokens``, ``output_tokens`` and ``cost_usd``.
        """
        return [
            {
                "run": self.id,
                "trial": trial.index,
                "round": trial.round,
                "instruction": trial.candidate.instruction,
                "raw": trial.candidate.raw,
                "writer": trial.candidate.writer,
                "refused": trial.candidate.refused,
                "exemplars": _inputs(trial.candidate.exemplars),
                "reused": trial.reused,
                "mean": trial.mean,
                "penalty": trial.penalty,
                "examples": len(trial.scores),
                "failed": trial.scores.count(None),
                "calls": trial.calls,
                "cached_calls": trial.cached_calls,
                "input_tokens": trial.usage.input_tokens,
                "output_tokens": trial.usage.output_tokens,
                "cost_usd": trial.cost_usd,
            }
            for trial in self.trials
        ]

    def answer_rows(self) -> list[Row]:
        """Return one row per answer, see :attr:`answers`.

        The columns are ``run``, ``trial``, ``split``, ``example``, ``input``, ``targets`` (joined with
        ``" | "``), ``answer``, ``score``, ``finish`` and ``reasoning``.
        """
        return [
            {
                "run": self.id,
                "trial": answer.trial,
                "split": answer.split,
                "example": answer.example,
                "input": answer.input,
                "targets": " | ".join(answer.targets),
                "answer": answer.answer,
                "score": answer.score,
                "finish": answer.finish,
                "reasoning": answer.reasoning,
            }
            for answer in self.answers
        ]

    def test_rows(self) -> list[Row]:
        """Return one row per instruction and test example, see :attr:`test_scores`.

        The columns are ``run``, ``name``, ``instruction``, ``exemplars``, ``example``, ``input``,
        ``targets``, ``answer``, ``score``, ``finish`` and ``reasoning``.
        """
        examples = self.splits.test if self.splits else ()
        return [
            {
                "run": self.id,
                "name": tested.name,
                "instruction": tested.guidance.instruction,
                "exemplars": _inputs(tested.guidance.exemplars),
                "example": index,
                "input": example.full_input,
                "targets": " | ".join(example.targets),
                "answer": answer,
                "score": score,
                "finish": finish,
                "reasoning": reasoning or "",
            }
            for tested in self.test_scores
            for index, (example, given) in enumerate(zip(examples, _given(tested), strict=False))
            for score, answer, finish, reasoning in [given]
        ]

    def _answers(self, trial: Trial) -> Iterator[TrialAnswer]:
        if self.splits is None:
            return
        validation = len(self.splits.validation)
        asked = (*self.splits.validation, *self.splits.retest)
        for index, (example, each) in enumerate(zip(asked, _given(trial), strict=False)):
            score, answer, finish, reasoning = each
            retested = index >= validation
            yield TrialAnswer(
                trial=trial.index,
                split="retest" if retested else "validation",
                example=index - validation if retested else index,
                input=example.full_input,
                targets=example.targets,
                answer=answer,
                score=score,
                finish=finish,
                reasoning=reasoning or "",
            )


def _given(scored: Trial | InstructionScores) -> Iterator[_Given]:
    """Yield what there is per example; what older versions did not keep is None."""
    return itertools.zip_longest(scored.scores, scored.answers, scored.finishes, scored.reasonings)


def _inputs(exemplars: tuple[Example, ...]) -> str:
    return " | ".join(exemplar.full_input for exemplar in exemplars)
