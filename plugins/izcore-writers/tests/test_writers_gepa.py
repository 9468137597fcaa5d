"""What the reflective writer is shown of a parent, and which of its proposals are refused."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from izcore.plugin import (
    AskRequest,
    AskResult,
    BackendContext,
    Candidate,
    Completion,
    Example,
    GenerateRequest,
    Prompt,
    RungsRequest,
    StayRequest,
    Trial,
)
from izcore.testing import EvaluationPolicyConformance, Subject
from izcore_writers.gepa import Gepa
from izcore_writers.leaks import Secrets
from izcore_writers.minibatch import Minibatch
from izcore_writers.options import GepaOptions, MinibatchOptions

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
VALIDATION = tuple(
    Example(input=f"Where is the river number {n}?", targets=(f"Country{n}",)) for n in range(6)
)
SHOWN = re.compile(r"Input: (.+)\nAnswer: (.+)\nExpected: (.+)\nVerdict: (.+)")


def trial(index: int, instruction: str, scores: str, **more: Any) -> Trial:
    """A trial that says the target where it is right, else a sentence around it."""
    answers = [
        example.targets[0] if score == "1" else f"It is in {example.targets[0]}."
        for example, score in zip(VALIDATION, scores, strict=False)
    ]
    candidate = Candidate(latent=(0.5,), instruction=instruction)
    known = tuple(map(float, scores))
    return Trial(index=index, round=0, candidate=candidate, scores=known, answers=tuple(answers), **more)


class Writer:
    """A model that says what a function says; it keeps what it was asked."""

    def __init__(self, say: Callable[[Prompt], str] | str, **options: Any) -> None:
        self.asked: list[Prompt] = []
        self.candidates: tuple[Candidate, ...] = ()

        async def ask(request: AskRequest) -> AskResult:
            self.asked += request.prompts
            texts = [say if isinstance(say, str) else say(prompt) for prompt in request.prompts]
            return AskResult(completions=tuple(Completion(text=text) for text in texts))

        context = BackendContext(seed=0, cache_dir="", data_dir="", ask=ask)
        self.gepa = Gepa(GepaOptions(**options), context)

    def write(self, history: tuple[Trial, ...], count: int = 1, **more: Any) -> list[str]:
        request = GenerateRequest(
            latents=((0.5,),) * count,
            demonstrations=(Example(input="Where is the Rhine?", targets=("Germany",)),),
            seed=7,
            history=history,
            **{"validation": VALIDATION, **more},
        )
        self.candidates = asyncio.run(self.gepa.generate(request)).candidates
        return [each.instruction for each in self.candidates]


GOOD = "Too long.\n<instruction>Name the country. Write its name and nothing else.</instruction>"


def test_failed_examples_reach_the_writer_with_answer_and_target() -> None:
    writer = Writer(GOOD)
    assert writer.write((trial(0, "Name it.", "101000"),)) == [
        "Name the country. Write its name and nothing else."
    ]
    (prompt,) = writer.asked
    assert (prompt.temperature, prompt.room) == (1.0, 512)
    shown = SHOWN.findall(prompt.text)
    assert len(shown) == 3
    for question, answer, expected, verdict in shown:
        number = int(re.findall(r"\d", question)[0])
        assert number in {1, 3, 4, 5}
        assert expected == f"Country{number}"
        assert answer == f"It is in {expected}."
        assert verdict == "This is wrong."
    assert "<instruction>Name it.</instruction>" in prompt.text
    assert "In 4 of 4 failures the expected answer stands in the assistant's" in prompt.text
    assert "answers have 4 words in the middle, the expected ones 1" in prompt.text


def test_solved_examples_fill_up_a_minibatch_and_cut_answers_are_told() -> None:
    writer = Writer(GOOD, minibatch=2)
    ends = ("length", *["stop"] * 5)
    writer.write((trial(0, "Name it.", "011111", finishes=ends),))
    verdicts = [verdict for *_, verdict in SHOWN.findall(writer.asked[0].text)]
    assert verdicts == ["This is wrong. The answer was cut off, because it was too long.", "This is right."]


def test_what_solves_all_has_nothing_to_teach_and_what_stopped_early_is_no_parent() -> None:
    writer = Writer(GOOD)
    history = (trial(0, "Perfect.", "111111"), trial(1, "Weak.", "010000"), trial(2, "Stopped.", "00"))
    writer.write(history, count=5)
    assert {re.findall("<instruction>(.+)</instruction>", p.text)[0] for p in writer.asked} == {"Weak."}
    writer = Writer(GOOD)
    writer.write(history[:1])
    assert "the answers have the form that is expected" in writer.asked[0].text


def test_equal_requests_ask_equally_and_each_child_has_its_own_draw() -> None:
    writers = [Writer(GOOD) for _ in range(2)]
    for writer in writers:
        writer.write((trial(0, "A.", "100000"), trial(1, "B.", "010000")), count=8)
    assert writers[0].asked == writers[1].asked
    assert len({prompt.text for prompt in writers[0].asked}) > 2


@pytest.mark.parametrize("more", [{}, {"validation": ()}])
def test_without_a_parent_it_proposes_from_the_demonstrations(more: Any) -> None:
    writer = Writer("The instruction was to name the country.")
    history = (trial(0, "A.", "000000"),) if more else ()
    assert writer.write(history, **more) == ["Name the country."]
    assert "Input: Where is the Rhine?\nOutput: Germany" in writer.asked[0].text


@pytest.mark.parametrize(
    ("garbage", "fault"),
    [
        ("I think that it should be shorter.", "no new instruction"),
        ("<instruction> </instruction>", "no new instruction"),
        ("<instruction>Name it.</instruction>", "no new instruction"),
        ("<instruction>Say Country3 if you see a river.</instruction>", "an example in it"),
        ("<instruction>Where is the  river number 2? Answer that.</instruction>", "an example in it"),
    ],
)
def test_garbage_is_refused_counted_and_never_scored(garbage: str, fault: str) -> None:
    writer = Writer(garbage)
    assert writer.write((trial(0, "Name it.", "000000"),), count=2) == ["Name it.", "Name it."]
    assert [candidate.unwritten for candidate in writer.candidates] == [fault, fault]
    assert len({prompt.sample for prompt in writer.asked}) == 6


def test_another_sample_may_do_after_garbage() -> None:
    answers = iter(["Hm.", GOOD])
    writer = Writer(lambda prompt: next(answers))
    assert writer.write((trial(0, "Name it.", "000000"),)) == [
        "Name the country. Write its name and nothing else."
    ]
    assert not writer.candidates[0].unwritten


def test_labels_and_shared_or_known_texts_are_no_secrets() -> None:
    labelled = [Example(input=f"message number {n}", targets=(("spam", "ham")[n % 2],)) for n in range(8)]
    secrets = Secrets.of([*labelled, Example(input="ok", targets=("no",))], known="As in message number 4.")
    assert set(secrets.texts) == {f"message number {n}" for n in range(8) if n != 4}
    assert not secrets.leaked_by("Write spam or ham, like message numbers.")
    assert secrets.leaked_by("It is ham for MESSAGE number\n3.") == "message number 3"
    rare = Secrets.of([*labelled, Example(input="x", targets=("phishing",))], known="")
    assert not rare.leaked_by("Write spam, ham or phishing."), "a rare label is one, too"
    named = Secrets.of([Example(input="Rhine", targets=("Bonn", "Köln")), *labelled[:1]], known="")
    assert named.leaked_by("Say Köln.")
    assert not named.leaked_by("Say Bonner.")
    choices = Secrets.of([Example(input="?", targets=("red",), choices=("red", "blue"))], known="")
    assert not choices.leaked_by("Write red or blue.")


def test_the_minibatch_lets_through_what_is_no_worse_than_the_best_so_far() -> None:
    policy = Minibatch(MinibatchOptions(), CONTEXT)
    assert [r.examples for r in policy.rungs(RungsRequest(examples=20, searched=9)).rungs] == [3, 20]
    assert [r.examples for r in policy.rungs(RungsRequest(examples=3, searched=9)).rungs] == [3]

    def staying(*incumbent: float) -> tuple[int, ...]:
        scores = ((1.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, 1.0))
        request = StayRequest(scores=scores, compared=3, instructions=3, rung=0, rungs=2, incumbent=incumbent)
        return policy.stay(request).indices

    assert staying(0.0, 0.0, 1.0) == (0, 2)
    assert staying(1.0, 1.0, 1.0) == ()
    assert staying() == (0, 1, 2)


class TestMinibatch(EvaluationPolicyConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_writers.plugin", name="minibatch")
