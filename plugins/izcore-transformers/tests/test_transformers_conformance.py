"""Generator and scorer pass the kit, on the embedded model, which is loaded once."""

from collections.abc import Mapping
from typing import Any

import pytest

from izcore.plugin import BackendContext
from izcore.testing import GeneratorConformance, ScorerConformance, Subject
from izcore_transformers.loading import LoadedModel

PLUGIN = "izcore_transformers.plugin"


class OnEmbeddedModel:
    @pytest.fixture
    def context(self, embedded: LoadedModel, cache_dir: str) -> BackendContext:
        """Whoever is built here shares the model that the session holds."""
        return BackendContext(seed=0, cache_dir=cache_dir, data_dir=cache_dir)


@pytest.mark.model
class TestGenerator(OnEmbeddedModel, GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        options = {"scale": 2.0, "max_new_tokens": 8, "features": "last_hidden"}
        return Subject(plugin=PLUGIN, name="hf", options=options)


@pytest.mark.model
class TestScorer(OnEmbeddedModel, ScorerConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=PLUGIN, name="hf", options={"max_new_tokens": 8})

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"max_new_tokens": 1_000_000}
