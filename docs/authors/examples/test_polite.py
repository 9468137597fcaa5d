"""The conformance kit, and what a metric that asks a model has to get right."""

import asyncio
from pathlib import Path

import pytest

from izcore.plugin import Agreement, Ask, BackendContext, Example, MetricRequest, Prompt
from izcore.testing import MetricConformance, Subject, answering
from izcore_polite import Polite, PoliteOptions


class TestPolite(MetricConformance):
    """What every metric promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_polite", name="polite")

    @pytest.fixture
    def ask(self) -> Ask:
        """The model: it finds the plurals of the kit's examples polite."""
        polite = ("\ncats\n", "\nchildren\n", "\nkids\n", "\nboxes\n")
        return answering(lambda prompt: "Yes." if any(word in prompt.text for word in polite) else "no")


def made(tmp_path: Path, ask: Ask) -> Polite:
    """Build the metric with the given model to ask."""
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path), ask=ask)
    return Polite(PoliteOptions(), context)


def request(*answers: str) -> MetricRequest:
    """Return a request for these answers to an example that does not matter."""
    return MetricRequest(answers=answers, examples=(Example(input="", targets=("",)),) * len(answers))


def test_what_the_model_does_not_answer_is_not_graded(tmp_path: Path) -> None:
    """An answer that is neither yes nor no gives no score."""
    metric = made(tmp_path, answering(lambda prompt: "Well, that depends."))
    assert asyncio.run(metric.score(request("Thanks!"))).scores == (None,)


def test_it_says_how_far_it_agrees_with_itself(tmp_path: Path) -> None:
    """Of two answers graded twice, one got the same grade."""

    def moody(prompt: Prompt) -> str:
        return "yes" if prompt.sample == 0 or "Thanks" in prompt.text else "no"

    found = asyncio.run(made(tmp_path, answering(moody)).agreement(request("Thanks!", "Hm.")))
    assert found == Agreement(share=0.5, difference=0.5, n=2)
