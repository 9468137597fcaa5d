"""What ReElicit asks: features, places, instructions at points; and what it makes of answers."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from crafted_history import history

from izcore.plugin import (
    AskRequest,
    AskResult,
    BackendContext,
    Candidate,
    Completion,
    Example,
    GenerateRequest,
    IzWarning,
    LocateRequest,
    LocateResult,
    PrepareRequest,
    Prompt,
    Trial,
)
from izcore_writers.options import ReElicitOptions
from izcore_writers.reelicit import ReElicit

DEMONSTRATIONS = (Example(input="cat", targets=("cats",)),)
PAST = history([(0, f"Level {n}.", n / 10) for n in (1, 5, 9, 3, 7)])
FEATURES = ("Level: 0 is low, 1 is high", "Noise: 0 is none, 1 is much")
IDLE = "Hue: red | blue\nSmell: bad | good"
GOOD = "Level: low | high\nNoise: none | much"


def kind_of(prompt: Prompt) -> str:
    for kind, words in {
        "elicit": "Which properties of an instruction",
        "measure": "Judge instructions by these features",
        "realise": "Write an instruction for the task that",
        "refine": "does not have the features yet",
        "propose": "I gave a friend an instruction",
    }.items():
        if words in prompt.text:
            return kind
    raise AssertionError(prompt.text)


def measured(prompt: Prompt) -> str:
    """Place an instruction by the number in it, if the features are the good ones, else all alike."""
    told = "Level: 0 is low" in prompt.text
    numbers = [float(n) / 10 for n in re.findall(r"Instruction \d+:\nLevel (\d+)", prompt.text)]
    return "\n".join(f"{n}: {x if told else 0.5:.2f}, 0.0" for n, x in enumerate(numbers, 1))


class Model:
    """A model that names good features every other time, and writes what the first number wants, late."""

    def __init__(self, **answers: Callable[[Prompt], str | None] | str) -> None:
        self.asked: list[Prompt] = []
        self.elicited = 0
        self.answers = answers

    def counted(self) -> Counter[str]:
        return Counter(map(kind_of, self.asked))

    def answer(self, prompt: Prompt) -> str | None:
        kind = kind_of(prompt)
        if kind in self.answers:
            given = self.answers[kind]
            return given if isinstance(given, str) else given(prompt)
        if kind == "elicit":
            self.elicited += 1
            return GOOD if self.elicited % 2 else IDLE
        if kind == "measure":
            return measured(prompt)
        if kind == "propose":
            return f"The instruction was to write the plural {prompt.sample}."
        wanted = float(re.findall(r"(?:Aim at|It shall be) (\d\.\d+)", prompt.text)[0])
        level = 0 if kind == "realise" else round(10 * wanted)
        return f"Hm.\n<instruction>Level {level}.</instruction>"

    async def __call__(self, request: AskRequest) -> AskResult:
        assert request.option == "writer"
        self.asked += request.prompts
        answers = map(self.answer, request.prompts)
        return AskResult(completions=tuple(None if a is None else Completion(text=a) for a in answers))


def generator(model: Model, **options: Any) -> ReElicit:
    context = BackendContext(seed=0, cache_dir="", data_dir="", ask=model)
    return ReElicit(ReElicitOptions(features=2, **options), context)


def locate(model: Model, past: tuple[Trial, ...] = PAST, **options: Any) -> LocateResult:
    request = LocateRequest(history=past, demonstrations=DEMONSTRATIONS, latent_dim=2, seed=5)
    return asyncio.run(generator(model, **options).locate(request))


def write(
    model: Model, located: str, *latents: tuple[float, float], past: tuple[Trial, ...] = PAST, **options: Any
) -> tuple[Candidate, ...]:
    request = GenerateRequest(
        latents=latents, demonstrations=DEMONSTRATIONS, seed=6, history=past, located=located
    )
    return asyncio.run(generator(model, **options).generate(request)).candidates


SPACE = json.dumps({"features": FEATURES, "places": {"Level 1.": [0.1, 0], "Level 9.": [0.9, 0]}})


def test_a_latent_has_a_number_per_feature() -> None:
    prepared = generator(Model()).prepare(PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0))
    assert prepared.latent_dim == 2


def test_the_features_that_foretell_scores_are_kept_and_all_trials_placed() -> None:
    model = Model()
    past = (*PAST, *history([(0, "Never scored.", None)]))
    found = locate(model, past)
    assert found.latents == (*((n / 10, 0.0) for n in (1, 5, 9, 3, 7)), None)
    space = json.loads(found.state)
    assert tuple(space["features"]) == FEATURES
    assert model.counted() == {"elicit": 5, "measure": 2}, "five sets of features, two of them different"
    elicit = [prompt for prompt in model.asked if kind_of(prompt) == "elicit"]
    assert len({prompt.sample for prompt in elicit}) == 5
    assert {prompt.temperature for prompt in model.asked} == {0.7}
    assert "Input: cat\nOutput: cats" in elicit[0].text
    assert re.findall(r"text:\n(.+)\nscore:\n(.+)", elicit[0].text) == [
        (f"Level {n}.", str(10 * n)) for n in (1, 3, 5, 7, 9)
    ]
    scores = re.compile(r"score:")
    assert not any(scores.search(p.text) for p in model.asked if kind_of(p) == "measure")


def test_the_features_of_the_last_round_take_part() -> None:
    def round_of(names: tuple[str, ...]) -> tuple[Trial, ...]:
        candidate = Candidate(latent=(0.1, 0.1), instruction="Level 2.", feature_names=names)
        return (*PAST, Trial(index=5, round=1, candidate=candidate, scores=(0.0,) * 8 + (1.0,) * 2))

    kept = locate(Model(elicit=IDLE), round_of(FEATURES))
    assert tuple(json.loads(kept.state)["features"]) == FEATURES
    replaced = locate(Model(elicit=GOOD), round_of(("Hue: 0 is red, 1 is blue", "Smell: …")))
    assert tuple(json.loads(replaced.state)["features"]) == FEATURES
    alone = locate(Model(elicit=lambda prompt: None), round_of(FEATURES))
    assert tuple(json.loads(alone.state)["features"]) == FEATURES


def test_places_come_in_batches_and_only_missing_ones_are_asked_again() -> None:
    once: list[str] = []

    def half(prompt: Prompt) -> str:
        lines = measured(prompt).splitlines()
        once.append(prompt.text)
        return "\n".join(lines if len(once) > 3 else lines[:1])

    model = Model(elicit=GOOD, measure=half)
    found = locate(model, measured=2)
    assert None not in found.latents
    assert [text.count("\nInstruction ") for text in once] == [2, 2, 1, 2]


@pytest.mark.parametrize("broken", [{"elicit": "No idea."}, {"measure": "No idea."}])
def test_without_features_or_places_nothing_has_a_place(broken: dict[str, str]) -> None:
    model = Model(**broken)
    if "elicit" in broken:
        with pytest.warns(IzWarning, match="named no 2 features in 5 answers"):
            found = locate(model)
    else:
        found = locate(model)
        assert model.counted()["measure"] == 2 * 3
    assert found == LocateResult(latents=(None,) * 5)
    assert locate(model, PAST[:1]) == LocateResult(latents=(None,)), "one score explains nothing"


def test_it_proposes_while_there_are_no_features_each_latent_as_if_it_were_alone() -> None:
    latents = ((0.1, 0.2), (0.3, 0.4), (0.5, 0.6))
    together = write(Model(), "", *latents, past=())
    assert len({candidate.instruction for candidate in together}) == 3
    assert write(Model(), "", latents[1], past=()) == together[1:2]


def test_it_writes_to_a_point_and_corrects_until_it_is_near() -> None:
    model = Model()
    high, low = write(model, SPACE, (0.8, 0.0), (0.05, 0.0))
    assert (high.instruction, high.latent, high.features) == ("Level 8.", (0.8, 0.0), (0.8, 0.0))
    assert (low.instruction, low.features) == ("Level 0.", (0.0, 0.0))
    assert high.feature_names == low.feature_names == FEATURES
    assert model.counted() == {"realise": 2, "measure": 3, "refine": 1}
    first = model.asked[0].text
    assert f"{FEATURES[0]}. Aim at 0.80." in first
    assert re.findall(r"Level \d\.\nFeatures: [\d., ]+", first) == [
        "Level 9.\nFeatures: 0.90, 0.00",
        "Level 1.\nFeatures: 0.10, 0.00",
    ]
    (refine,) = (prompt.text for prompt in model.asked if kind_of(prompt) == "refine")
    assert f"{FEATURES[0]}. It shall be 0.80, and is 0.00." in refine
    assert write(Model(), SPACE, (0.8, 0.0)) == (high,)


def test_the_nearest_of_all_that_was_written_counts() -> None:
    levels = iter((3, 6, 1))
    model = Model(
        realise=lambda prompt: f"<instruction>Level {next(levels)}.</instruction>",
        refine=lambda prompt: f"<instruction>Level {next(levels)}.</instruction>",
    )
    (candidate,) = write(model, SPACE, (0.9, 0.0), writes=3)
    assert candidate.instruction == "Level 6."
    assert candidate.features == (0.6, 0.0)


@pytest.mark.parametrize("nothing", ["Certainly!", "<instruction> </instruction>", None])
def test_the_nearest_stands_in_for_what_is_not_written(nothing: str | None) -> None:
    model = Model(realise=lambda prompt: nothing)
    (candidate,) = write(model, SPACE, (0.8, 0.0), writes=4)
    assert candidate.instruction == "Level 9."
    assert candidate.unwritten == ("no answer" if nothing is None else "no new instruction")
    assert model.counted() == {"realise": 4}
    assert candidate.features == (0.9, 0.0)


def test_what_cannot_be_placed_is_kept_but_has_no_features() -> None:
    model = Model(measure=lambda prompt: "no" if "Level 0." in prompt.text else measured(prompt))
    away, there = write(model, SPACE, (0.8, 0.0), (0.9, 0.0), writes=2)
    assert (away.instruction, away.features, away.unwritten) == ("Level 0.", (), "")
    assert there.features == ()
