"""What each method asks in a round, always the same, and what it makes of answers that say nothing."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crafted_history import history

from izcore.plugin import (
    AskRequest,
    AskResult,
    BackendContext,
    BackendError,
    Candidate,
    Completion,
    DataError,
    Example,
    GenerateRequest,
    GenerateResult,
    PrepareRequest,
    Prompt,
    Trial,
)
from izcore_writers.generators import Ape, EvoPromptDE, EvoPromptGA, Opro
from izcore_writers.options import ApeOptions, EvoPromptOptions, OproOptions
from izcore_writers.writing import WritingGenerator

DEMONSTRATIONS = tuple(Example(input=f"in{n}", targets=(f"out{n}", "x")) for n in range(5))
PAST = history(
    [(0, "Bad.", 0.1), (0, "Good.", 0.8), (0, "Fair.", 0.5), (0, "Failed.", None), (1, "Good.", None)]
)
KINDS: dict[str, tuple[Callable[..., WritingGenerator], type[Any]]] = {
    "ape": (Ape, ApeOptions),
    "opro": (Opro, OproOptions),
    "evoprompt-ga": (EvoPromptGA, EvoPromptOptions),
    "evoprompt-de": (EvoPromptDE, EvoPromptOptions),
}
Answer = Callable[[Prompt], Completion | None]


def numbered() -> Answer:
    """Every new prompt gets a new instruction."""
    known: dict[Prompt, str] = {}
    return lambda prompt: Completion(text=known.setdefault(prompt, f"Write {len(known)}."))


class Round:
    """One generator, the prompts that it asked, and what came of them."""

    def __init__(self, method: str, answer: Answer | None = None, **options: Any) -> None:
        factory, kind = KINDS[method]
        answer = answer or numbered()
        self.asked: list[Prompt] = []

        async def ask(request: AskRequest) -> AskResult:
            assert request.option == "writer"
            self.asked += request.prompts
            return AskResult(completions=tuple(map(answer, request.prompts)))

        context = BackendContext(seed=0, cache_dir="", data_dir="", ask=ask)
        self.generator = factory(kind(**options), context)

    def prepare(self, state: Any = None) -> Any:
        request = PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0, state=state or {})
        return self.generator.prepare(request)

    def write(self, count: int, past: tuple[Trial, ...] = PAST, seed: int = 1) -> list[Candidate]:
        latents = tuple((n / count,) for n in range(count))
        request = GenerateRequest(latents=latents, demonstrations=DEMONSTRATIONS, seed=seed, history=past)
        result: GenerateResult = asyncio.run(self.generator.generate(request))
        assert tuple(candidate.latent for candidate in result.candidates) == latents
        assert not result.exhausted
        return list(result.candidates)


@pytest.mark.parametrize("method", KINDS)
def test_the_first_round_proposes_from_the_demonstrations(method: str) -> None:
    round_ = Round(method, temperature=0.9, initial=())
    written = round_.write(6, past=())
    assert [candidate.instruction for candidate in written] == [f"Write {n}." for n in range(6)]
    for prompt in round_.asked:
        shown = re.findall(r"Input: in(\d)\nOutput: out(\d)", prompt.text)
        assert len(shown) == (3 if method == "opro" else 5)
        assert all(one == other for one, other in shown)
        assert prompt.temperature == 0.9
    assert len({prompt.text for prompt in round_.asked}) > 1, "they are shown in other orders"
    assert len({prompt.sample for prompt in round_.asked}) == 6


@pytest.mark.parametrize("past", [(), PAST], ids=["first round", "later"])
def test_a_writer_sees_all_that_the_prompts_show(past: tuple[Trial, ...]) -> None:
    fields = {"passage": "Ada is in Bonn.", "question": "Where?"}
    demonstrations = tuple(
        Example(input=f"Where is {n}?", targets=("Bonn",), fields={**fields, "question": f"Where is {n}?"})
        for n in range(5)
    )
    round_ = Round("opro")
    request = GenerateRequest(latents=((0.0,),), demonstrations=demonstrations, seed=1, history=past)
    asyncio.run(round_.generator.generate(request))
    (prompt,) = round_.asked
    assert prompt.text.count("Passage: Ada is in Bonn.\nQuestion: Where is ") == 3


@pytest.mark.parametrize("method", KINDS)
def test_equal_requests_ask_equally_and_other_seeds_anew(method: str) -> None:
    rounds = [Round(method) for _ in range(3)]
    for round_, seed in zip(rounds, (1, 1, 2), strict=True):
        round_.write(8, seed=seed)
    first, again, other = (round_.asked for round_ in rounds)
    assert first == again
    assert not set(first) & set(other)
    assert len(set(first)) == 8


@pytest.mark.parametrize("method", KINDS)
def test_the_papers_settings_reach_the_model(method: str) -> None:
    round_ = Round(method, **({"population": 3} if "-" in method else {}))
    round_.write(3)
    wanted = {"ape": (0.9, 100), "opro": (1.0, 200)}.get(method, (0.5, 300))
    assert {(prompt.temperature, prompt.room) for prompt in round_.asked} == {wanted}


def test_ape_varies_the_best_in_turn() -> None:
    round_ = Round("ape", best=2)
    round_.write(5)
    assert [re.findall(r"Input: (\w+\.)", prompt.text) for prompt in round_.asked] == [
        *(["Good."], ["Fair."], ["Good."], ["Fair."], ["Good."])
    ]


def test_opro_shows_the_best_in_ascending_order_with_scores_and_the_same_exemplars_to_all() -> None:
    round_ = Round("opro", trajectory=2)
    round_.write(8)
    (text,) = {prompt.text for prompt in round_.asked}
    assert re.findall(r"text:\n(.+)\nscore:\n(.+)", text) == [("Fair.", "50"), ("Good.", "80")]
    shown = re.findall(r"<INS>\nin(\d)\n\nGround truth answer:\nout(\d)", text)
    assert len(shown) == len(set(shown)) == 3
    assert len({prompt.sample for prompt in round_.asked}) == 8


def test_opro_begins_with_the_papers_instruction() -> None:
    round_ = Round("opro")
    assert round_.prepare().latent_dim == 1
    assert [candidate.instruction for candidate in round_.write(1, past=())] == ["Let's solve the problem."]
    assert round_.asked == []


def test_ga_crosses_two_different_parents_of_the_population() -> None:
    round_ = Round("evoprompt-ga", population=2)
    round_.write(10)
    for prompt in round_.asked:
        parents = re.findall(r"Prompt [12]: (.+)", prompt.text)[-2:]
        assert sorted(parents) == ["Fair.", "Good."]


def test_de_gives_every_place_a_child_in_turn() -> None:
    past = history([(0, "A.", 0.9), (0, "B.", 0.8), (0, "C.", 0.7), (0, "D.", 0.6), (1, "Of A.", 0.1)])
    round_ = Round("evoprompt-de", population=4)
    round_.write(4, past)
    for prompt, parent in zip(round_.asked, ("B.", "C.", "D.", "A."), strict=True):
        first, second, third, basic = re.findall(r"(?:Prompt [123]|Basic Prompt): (.+)", prompt.text)[-4:]
        assert (third, basic) == ("A.", parent)
        assert len({first, second, parent}) == 3


def test_de_fills_vacant_places_with_proposals() -> None:
    past = history([(0, "A.", 0.9), (0, "B.", 0.8), (0, "C.", 0.7), (0, "A.", None)])
    round_ = Round("evoprompt-de", population=4)
    round_.write(4, past)
    assert ["What was the instruction?" in prompt.text for prompt in round_.asked] == [False] * 3 + [True]


@pytest.mark.parametrize(
    ("method", "stand_ins"),
    [
        ("ape", ["Good.", "Fair.", "Bad."]),
        ("opro", ["Good.", "Good.", "Good."]),
        ("evoprompt-de", ["Good.", "Fair.", "Bad."]),
    ],
)
@pytest.mark.parametrize(
    "nothing", [None, Completion(text=" ... "), Completion(text="No.", finish="refusal")]
)
def test_a_parent_stands_in_where_no_sample_says_anything(
    method: str, stand_ins: list[str], nothing: Completion | None
) -> None:
    round_ = Round(method, lambda prompt: nothing, **({"population": 3} if "-" in method else {}))
    past = history([(0, "Bad.", 0.1), (0, "Good.", 0.8), (0, "Fair.", 0.5)])
    written = round_.write(3, past)
    assert [(candidate.instruction, candidate.raw) for candidate in written] == [(t, "") for t in stand_ins]
    assert len(set(round_.asked)) == len(round_.asked) == 9, "other samples were asked"


def test_ga_the_better_parent_stands_in() -> None:
    round_ = Round("evoprompt-ga", lambda prompt: None, population=2)
    assert {candidate.instruction for candidate in round_.write(6)} == {"Good."}


def test_only_what_failed_is_asked_again_and_another_sample_may_do() -> None:
    failed: set[str] = set()

    def fails_once(prompt: Prompt) -> Completion | None:
        if prompt.text in failed:
            return Completion(text=f"Instruction: answer number {len(failed)}")
        failed.add(prompt.text)
        return None

    round_ = Round("ape", fails_once, best=3)
    written = [candidate.instruction for candidate in round_.write(3)]
    assert written == ["Answer number 3."] * 3
    assert len(round_.asked) == 6


def test_another_proposal_stands_in_where_there_is_no_parent() -> None:
    answers = iter(["Write it.", *["..."] * 6])
    round_ = Round("ape", lambda prompt: Completion(text=next(answers)))
    assert [candidate.instruction for candidate in round_.write(3, past=())] == ["Write it."] * 3


@pytest.mark.parametrize("method", KINDS)
def test_a_writer_that_writes_nothing_is_an_error_for_people(method: str) -> None:
    round_ = Round(method, lambda prompt: None, initial=())
    with pytest.raises(BackendError, match="gave no instruction") as caught:
        round_.write(4, past=())
    assert "generator.writer" in caught.value.hint


@pytest.mark.parametrize("method", KINDS)
def test_given_instructions_come_first_and_once(method: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# mine\nGood.\nMine.\nMine.\n\nYours.\n")
    for given in (str(file), ("Good.", "Mine.", "Mine.", "Yours.")):
        round_ = Round(method, initial=given)
        round_.prepare()
        texts = [candidate.instruction for candidate in round_.write(4)]
        assert texts[:2] == ["Mine.", "Yours."]
        assert len(round_.asked) == 2
        assert [candidate.instruction for candidate in round_.write(1)] == ["Mine."]


def test_a_resumed_run_has_the_instructions_that_it_began_with(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("Mine.\n")
    state = Round("ape", initial=str(file)).prepare().state
    file.unlink()
    resumed = Round("ape", initial=str(file))
    assert resumed.prepare(state).state == state
    assert resumed.write(1)[0].instruction == "Mine."
    with pytest.raises(DataError, match=r"mine.txt: no such file"):
        Round("ape", initial=str(file)).prepare()
