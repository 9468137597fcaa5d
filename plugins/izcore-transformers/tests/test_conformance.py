"""Generator and scorer pass the kit, on the embedded model, which is loaded once."""

import pytest

from izcore.plugin import BackendContext, Example
from izcore.testing import GeneratorConformance, ScorerConformance, Subject
from izcore_transformers.models.loading import LoadedModel

PLUGIN = "izcore_transformers.plugin"


class OnEmbeddedModel:
    @pytest.fixture
    def context(self, embedded: LoadedModel, cache_dir: str) -> BackendContext:
        """Whoever is built here shares the model that the session holds."""
        return BackendContext(seed=0, cache_dir=cache_dir, data_dir=cache_dir)


@pytest.mark.model
class TestGenerator(OnEmbeddedModel, GeneratorConformance):
    @pytest.fixture(params=["float32", "auto"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        options = {
            "scale": 2.0,
            "max_new_tokens": 4,
            "features": "last_hidden",
            "cpu_layers": request.param,
        }
        return Subject(plugin=PLUGIN, name="hf", options=options)

    @pytest.fixture
    def demonstrations(self, demonstrations: tuple[Example, ...]) -> tuple[Example, ...]:
        """Two are enough to read."""
        return demonstrations[:2]


@pytest.mark.model
class TestScorer(OnEmbeddedModel, ScorerConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=PLUGIN, name="hf", options={"max_new_tokens": 4})
