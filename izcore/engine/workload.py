"""What a run will ask its models: in which phase, how often, and with which prompts."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise

from izcore.config.model_roles import SCORER, ModelRole
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.plugin.calls import Prompt
from izcore.plugin.coordinates import CoordinateValue
from izcore.plugin.estimates import RunPhase
from izcore.plugin.examples import Example, Splits
from izcore.plugin.record import Record
from izcore.plugin.trials import Guidance
from izcore.scoring.prompt_form import PromptForm
from izcore.scoring.usual_usage import LEAST_ANSWER
from izcore.search.coordinates import Values
from izcore.search.rungs import RoundSize

TYPICAL_INSTRUCTION = "Read the input, and write the answer that a careful reader would expect."
"""Stands for an instruction that is not written yet; those that people and models write are about as long."""

LONGEST_INSTRUCTION = 2000
"""Bytes of the longest instruction that is reckoned with, where the generator does not know. A longer one
makes a run dearer than its estimate, but breaks through no limit."""

GRADE = 16
"""Tokens of a grade, with what models write around it."""

WRITTEN = 64
"""Tokens of an instruction that a model writes, with what it writes around it."""

WRITING_ROOM = 512
"""Tokens for which a writing model may be given room."""

SHOWN_INSTRUCTIONS = 20
WRITING_FRAME = 4000
"""As many earlier instructions a writing model may be shown, and bytes of what stands around them."""

BYTES_PER_TOKEN = 4
LONGEST_TOKEN = 8
"""Bytes of an answer's tokens: what is usual, and the most that is reckoned with on average."""

Counted = Sequence[tuple[Prompt, int, int]]
"""Prompts, how often each is likely to be asked, and how often at most."""


class Asked(Record):
    """What one model is asked in one role and one phase.

    ``prompts`` are typical ones; ``most`` says how often each of them may be asked for one question.
    ``answer_tokens`` is the usual length of an answer. ``room`` is by how many bytes a prompt may be longer
    than the typical one.
    """

    phase: RunPhase
    prompts: Counted
    answer_tokens: int
    most: int = 1
    room: int = 0


class Size(Record):
    """What decides how much a run asks, beside its settings.

    ``trials`` is the number of trials of the search, ``starting`` how many of them are of the user's own
    instructions. ``coordinates`` are the choices that complete an instruction. ``rounds`` follow from the
    evaluation policy. ``longest_instruction`` is in bytes; ``unsteered`` says whether the
    generator writes an instruction unsteered, and ``most_asks`` how often a model in a role is asked at most
    for one thing. ``writers`` is the number of generators among which instructions are shared out.
    """

    trials: int
    rounds: Sequence[RoundSize]
    starting: int = 0
    coordinates: Mapping[str, tuple[CoordinateValue, ...]] = {}
    unsteered: bool = True
    longest_instruction: int = LONGEST_INSTRUCTION
    most_asks: Mapping[str, int] = {}
    writers: int = 1


def workload(
    splits: Splits, config: RunConfig, role: ModelRole, size: Size, answer_bytes: int
) -> list[Asked]:
    """Return what a model is asked in its role; ``answer_bytes`` is the longest answer of the black box."""
    if role == SCORER:
        return _questions(splits, config, size)
    most = size.most_asks.get(role.name, 1)
    if role.grades:
        questions = _questions(splits, config, size)
        again = [
            (prompt, 1, 1)
            for phase in questions
            if phase.phase == "test"
            for prompt, _, most in phase.prompts
            if most
        ]
        answer = typical_answer(splits)
        return [
            Asked(
                phase=phase,
                prompts=[
                    (graded_prompt(config, prompt, answer), likely, times)
                    for prompt, likely, times in prompts
                ],
                answer_tokens=GRADE,
                most=most,
                room=size.longest_instruction + answer_bytes,
            )
            for phase, prompts in (*((each.phase, each.prompts) for each in questions), ("agreement", again))
        ]
    written = math.ceil((config.search.pool or size.trials) / size.writers)
    shown = "".join("".join((each.full_input, *each.targets[:1])) for each in splits.demonstrations)
    return [
        Asked(
            phase="write",
            prompts=[(Prompt(text=TYPICAL_INSTRUCTION + shown, room=WRITING_ROOM), written, written)],
            answer_tokens=WRITTEN,
            most=most * size.writers,  # whoever learns may let one of them write nearly all
            room=SHOWN_INSTRUCTIONS * size.longest_instruction + WRITING_FRAME,
        )
    ]


def tested_instructions(config: RunConfig, coordinates: Values, *, unsteered: bool) -> int:
    """Return how many instructions the final test scores at most; what is equal is asked once.

    They are the winner, no instruction at all, those that the user gave, what the generator writes
    ``unsteered``, if it does, and where a coordinate brings exemplars, the winner's alone.
    """
    few_shot = any(value.exemplars for values in coordinates.values() for value in values)
    return 1 + len({"", *config.baselines}) + unsteered + few_shot


def typical_guidance(coordinates: Values) -> Guidance:
    """Stand in for an instruction that is not written yet, with the longest exemplars that it may get.

    Its answer has the room of the longest kind of answer.
    """
    longest = (
        max((value.exemplars for value in values), key=_length, default=()) for values in coordinates.values()
    )
    room = max((value.room for values in coordinates.values() for value in values), default=0)
    return Guidance(instruction=TYPICAL_INSTRUCTION, exemplars=tuple(chain(*longest)), room=room)


def _length(exemplars: Sequence[Example]) -> int:
    return Guidance(instruction="", exemplars=tuple(exemplars)).length


def graded_prompt(config: ScoringConfig, prompt: Prompt, answer: str) -> Prompt:
    """Stand in for the prompt with which a metric asks a model to grade an answer to ``prompt``."""
    metric = str(config.metric.options) if config.metric else ""
    return Prompt(text=prompt.folded().text + metric + answer)


def typical_answer(splits: Splits) -> str:
    """Return a text as long as an answer is likely to be, to judge by the targets."""
    targets = [target for example in splits.validation for target in example.targets[:1]]
    average = sum(len(target.encode("utf-8", "replace")) for target in targets) // max(len(targets), 1)
    return "x" * max(2 * average, LEAST_ANSWER * BYTES_PER_TOKEN)


def _questions(splits: Splits, config: RunConfig, size: Size) -> list[Asked]:
    """What the black box is asked: by the search, to compare the finalists, and in the final test."""
    likely = _whole([sum(column) for column in zip(*(r.likely_to_see() for r in size.rounds), strict=True)])
    most = [sum(column) for column in zip(*(r.most_that_see() for r in size.rounds), strict=True)]
    finalists = min(size.trials, config.evaluation.finalists)
    tested = tested_instructions(config, size.coordinates, unsteered=size.unsteered)
    compared = finalists if finalists > 1 or splits.retest else 0
    # Where nobody was dropped before, a finalist may have validation examples to catch up on.
    # That is likely to be half of them.
    missed = splits.validation if any(each.advance for each in size.rounds) else ()
    caught_up = [(compared if place >= len(missed) // 2 else 0, compared) for place in range(len(missed))]
    retested = [(compared, compared)] * len(splits.retest)
    phases: list[tuple[RunPhase, Sequence[Example], Iterable[tuple[int, int]]]] = [
        ("search", splits.validation, zip(likely, most, strict=True)),
        ("finalists", (*missed, *splits.retest), [*caught_up, *retested]),
        ("test", splits.test, [(tested, tested)] * len(splits.test)),
    ]
    guidance, form = typical_guidance(size.coordinates), PromptForm.of(config)
    bare = Guidance(instruction=TYPICAL_INSTRUCTION, room=guidance.room)
    share = _share_without_exemplars(size.coordinates)
    # In the test only the winner has exemplars, and the baseline of these alone.
    shares = {"search": share, "finalists": share, "test": share and 1 - 2 / tested}
    return [
        Asked(
            phase=phase,
            prompts=list(
                chain.from_iterable(
                    _with_and_without(
                        form.prompt(guidance, example), form.prompt(bare, example), shares[phase], *times
                    )
                    for example, times in zip(examples, counts, strict=True)
                )
            ),
            answer_tokens=len(typical_answer(splits)) // BYTES_PER_TOKEN,
            room=size.longest_instruction,
        )
        for phase, examples, counts in phases
    ]


def _with_and_without(
    prompt: Prompt, without: Prompt, share: float, likely: int, most: int
) -> Iterator[tuple[Prompt, int, int]]:
    """Yield a prompt with exemplars, and the same ``without`` for the share of questions that have none."""
    bare = round(likely * share)
    yield prompt, likely - bare, most
    if bare:
        yield without, bare, 0


def _share_without_exemplars(coordinates: Values) -> float:
    """Return which share of all combinations of choices shows no exemplars; 0 where none shows any."""
    shares = [sum(not value.exemplars for value in values) / len(values) for values in coordinates.values()]
    share = math.prod(shares)
    return share if share < 1 else 0.0


def _whole(numbers: Sequence[float]) -> list[int]:
    """Return whole numbers that add up, at every place, to the rounded sum of the ``numbers`` so far."""
    sums = [round(each) for each in accumulate(numbers, initial=0.0)]
    return [after - before for before, after in pairwise(sums)]
