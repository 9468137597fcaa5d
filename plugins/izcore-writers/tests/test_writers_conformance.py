"""All methods pass the kit; the toy's scribe is the model that writes."""

import pytest

from izcore.plugin import Ask, AskRequest, AskResult, BackendContext, CompletionRequest, Scorer
from izcore.testing import GeneratorConformance, Subject


class TestWriters(GeneratorConformance):
    @pytest.fixture(params=["ape", "opro", "evoprompt-ga", "evoprompt-de", "gepa", "reelicit"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin="izcore_writers.plugin", name=request.param)

    @pytest.fixture
    def ask(self) -> Ask:
        context = BackendContext(seed=0, cache_dir="", data_dir="")
        subject = Subject(plugin="izcore_toy.plugin", name="scribe")
        scribe: Scorer = subject.build(subject.find("scorer"), context)

        async def ask(request: AskRequest) -> AskResult:
            answered = await scribe.complete(CompletionRequest(prompts=request.prompts))
            return AskResult(completions=answered.completions)

        return ask


class TestBegunByHand(GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        options = {"initial": ["Write the plural.", "Add an s."]}
        return Subject(plugin="izcore_writers.plugin", name="ape", options=options)
