"""Frozen records of what a run found."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from izcore.plugin.calls import FinishReason, Prompt, Usage
from izcore.plugin.coordinates import Place
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Agreement, Example
from izcore.plugin.record import Record
from izcore.plugin.result_tables import result_html, result_rows
from izcore.plugin.trials import Guidance
from izcore.plugin.whole_prompts import WholePrompt


class ValidationScore(Record):
    """Mean score on ``n`` validation examples.

    ``fresh`` says that they are retest examples: the search never saw them, and only the few finalists were
    compared on them. Otherwise the instruction was chosen by this very score, which flatters it. ``n`` is 0
    where nothing was chosen on validation, as by ``iz score``.
    """

    score: float
    n: int
    fresh: bool = False


class TestScore(Record):
    """Mean score on the sealed test split with its 95% confidence interval."""

    __test__ = False  # not a test class, whatever pytest makes of its name

    score: float
    low: float
    high: float
    n: int


class Best(Record):
    """The winner: chosen by its validation scores less the ``penalty``, then scored once on test.

    ``validation`` is of the fresh examples alone, where the finalists were compared on some, and of all that
    the choice depended on where they were not.
    ``exemplars`` are the solved examples that were chosen with it, which ``as_turns`` shows as turns of the
    conversation. ``coordinates`` names the choices that complete it. The answer is what the model writes
    behind ``answer_mark``, where there is one; ``room`` is how many tokens it then needs. ``placement`` is
    where the instruction stands; empty, it stands where the run is set to have it. ``prompt`` is the whole as
    it is sent, with names of fields such as ``{input}`` in place of an example's; None in runs of older
    versions. ``whole_prompt`` is the same with the places of the fields apart from the text, for programs.
    """

    instruction: str
    validation: ValidationScore
    test: TestScore | None = None
    penalty: float = 0.0
    exemplars: tuple[Example, ...] = ()
    coordinates: Mapping[str, str] = {}
    answer_mark: str = ""
    room: int = 0
    placement: Place = ""
    as_turns: bool = False
    prompt: Prompt | None = None
    whole_prompt: WholePrompt | None = None

    @property
    def guidance(self) -> Guidance:
        """What to give the black box."""
        return Guidance(
            instruction=self.instruction,
            exemplars=self.exemplars,
            answer_mark=self.answer_mark,
            room=self.room,
            placement=self.placement,
            as_turns=self.as_turns,
        )

    @property
    def messages(self) -> tuple[Mapping[str, str], ...]:
        """The prompt as messages with ``role`` and ``content``, which chat models take; empty without one."""
        return tuple(self.prompt.as_chat()) if self.prompt else ()


class FrontPoint(Record):
    """An instruction, with its exemplars, that none of at most its ``length`` outdoes on validation.

    For ``length`` see :attr:`Guidance.length`.
    """

    instruction: str
    length: int
    validation: ValidationScore
    exemplars: tuple[Example, ...] = ()


class CoordinateEffect(Record):
    """What a choice of a coordinate is worth beside the plainest one, in score points.

    ``difference`` is the mean score with ``value`` less that with ``plainest``, for the same sentence on the
    same example, and ``low`` and ``high`` are its 95% confidence interval; all are in [-1, 1]. Sentences that
    met several choices tell it: ``bodies`` of them, on ``examples`` different examples.
    """

    coordinate: str
    value: str
    plainest: str
    difference: float
    low: float
    high: float
    bodies: int
    examples: int

    @property
    def margin(self) -> float:
        """Half the length of the interval: the number behind "±"."""
        return max(self.high - self.difference, self.difference - self.low)


class Baseline(Record):
    """An instruction to compare with; ``difference`` is the winner's test mean minus this one's.

    ``p_value`` is two-sided, of a paired test on the same test examples. ``adjusted_p_value`` takes account
    of the number of baselines: where all below .05 are called different, the probability of being wrong about
    any of them is at most 5%. ``exemplars`` are the solved examples that it was tested with, ``as_turns`` as
    turns of the conversation. Runs of older versions say none of these three.
    """

    name: str
    instruction: str
    test: TestScore
    difference: float
    p_value: float
    exemplars: tuple[Example, ...] = ()
    adjusted_p_value: float | None = None
    as_turns: bool = False

    @property
    def guidance(self) -> Guidance:
        """What the black box was given."""
        return Guidance(instruction=self.instruction, exemplars=self.exemplars, as_turns=self.as_turns)

    @property
    def shown_p_value(self) -> float:
        """The adjusted p-value, which decides what is said; of runs of older versions, the single one."""
        return self.p_value if self.adjusted_p_value is None else self.adjusted_p_value


ScoredSplit = Literal["validation", "retest", "test"]


class SetAside(Record):
    """Examples of a split that count for no instruction, since one of the instructions has no score on them.

    ``failed`` of them because a call failed for good, ``ungraded`` because the metric gave an answer no
    grade; the split has ``examples``.
    """

    split: ScoredSplit
    failed: int
    ungraded: int
    examples: int

    @property
    def count(self) -> int:
        """The number of examples that are set aside."""
        return self.failed + self.ungraded

    @property
    def share(self) -> float:
        """Their share in the split, from 0 to 1."""
        return self.count / self.examples if self.examples else 0.0

    def __str__(self) -> str:
        reasons = (
            (self.failed, "because calls failed for good"),
            (self.ungraded, "because answers got no grade"),
        )
        why = ", ".join(f"{number} {reason}" for number, reason in reasons if number)
        return f"{self.count} of {self.examples} {self.split} examples ({self.share:.0%}; {why})"


RunStatus = Literal["running", "done", "interrupted", "failed", "out_of_budget"]


class Change(Record):
    """Something that a run depends on, and that was different when the run went on.

    ``accepted`` is True where scores may depend on it, so that the user had to accept it, and False for
    what changes no result as a rule, such as a patch release of Python.
    """

    name: str
    before: str
    after: str
    accepted: bool


class RunResult(Record):
    """What a run found and what it took.

    ``calls`` were paid for; ``cached_calls`` were answered from disk. ``lost_calls`` of the paid ones were
    sent and never answered (a time-out, a killed process), which the provider may bill: ``tokens`` and
    ``cost_usd`` hold the most that they can have cost. ``conclusion`` is the result in a sentence, honest
    about "no improvement found". ``agreement`` says how far a grading model agrees with itself.
    ``finishes`` counts the answers of the run, cached ones included, by how they ended. ``front`` is the
    Pareto front of validation score against length, the shortest instruction first. ``changes`` are those of
    what the run depends on after which it went on. ``set_aside`` counts, for each split that has some, the
    examples that count for no instruction. ``effects`` say what the choices of the coordinates are worth, as
    far as the trials tell. ``notes`` say in sentences what else was odd about the run.
    """

    run_id: str
    task: str
    status: RunStatus
    seed: int
    best: Best | None
    baselines: tuple[Baseline, ...]
    trials: int
    unique_instructions: int
    calls: int
    cached_calls: int
    tokens: Usage
    cost_usd: float | None
    seconds: float
    conclusion: str = ""
    lost_calls: int = 0
    finishes: Mapping[FinishReason, int] = {}
    agreement: Agreement | None = None
    front: tuple[FrontPoint, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    effects: tuple[CoordinateEffect, ...] = ()

    def render(
        self,
        values: Mapping[str, str] | None = None,
        /,
        *,
        images: Sequence[str] = (),
        turns: Sequence[Mapping[str, str]] = (),
        **fields: str,
    ) -> list[dict[str, Any]]:
        """Return the messages that ask about one input with the winner, as they are sent to the model.

        Each has ``role`` and ``content``, as chat models take them. The task's columns that the prompt shows
        are given by keyword, ``input=…`` where it has no other, or as a mapping where their names are none.
        For ``images`` and ``turns``, and the errors, see :meth:`WholePrompt.render`.

        >>> result.render(input="My order has not come.")  # doctest: +SKIP
        [{'role': 'user', 'content': 'Instruction: …\n\nInput: My order has not come.\nOutput:'}]
        """
        whole = self.best.whole_prompt if self.best else None
        if whole is None:
            raise UsageError(
                f"Run {self.run_id} has no prompt to render.",
                hint="It has no winner, or is an older version's; izcore.run() completes what those lack.",
            )
        return whole.render({**(values or {}), **fields}, images=images, turns=turns)

    def rows(self) -> list[dict[str, Any]]:
        """Return winner and baselines as rows of a table, which ``pandas.DataFrame`` takes as they are.

        The columns are ``run``, ``task``, ``name``, ``instruction``, ``test`` with ``low``, ``high`` and
        ``n``, and of baselines ``difference`` (the winner's score less this one's) and the adjusted
        ``p_value``. There is no row where there is no winner.
        """
        return result_rows(self)

    def _repr_html_(self) -> str:
        return result_html(self)
