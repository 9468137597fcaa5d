"""All surrogates pass the kit: those that search the box, and those that choose from a pool."""

import pytest

from izcore.testing import Subject, SurrogateConformance

PLUGIN = "izcore_botorch.plugin"


class TestBox(SurrogateConformance):
    @pytest.fixture(params=["instruction-coupled", "instruction-coupled-completed", "matern", "structured"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin=PLUGIN, name=request.param)


class TestPool(SurrogateConformance):
    @pytest.fixture(params=["pool-gp", "instinct", "presto", "zopo", "hbbops"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        exempt = {"test_another_seed_suggests_others": "draws nothing: the best of the pool is the best"}
        if request.param in ("instinct", "presto", "hbbops"):
            return Subject(plugin=PLUGIN, name=request.param, options={"steps": 50})
        return Subject(plugin=PLUGIN, name=request.param, exempt=exempt)

    @pytest.fixture
    def needs_pool(self) -> bool:
        return True
