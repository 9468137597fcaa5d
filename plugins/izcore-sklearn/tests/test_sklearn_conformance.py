"""Both surrogates pass the kit, with as little work as shows what they do."""

from collections.abc import Mapping
from typing import Any

import pytest

from izcore.testing import Subject, SurrogateConformance

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "sklearn-gp": {"proposals": 256, "restarts": 1, "max_trials": 20},
    "sklearn-forest": {"proposals": 256, "trees": 10, "max_trials": 20},
}


class TestSklearn(SurrogateConformance):
    @pytest.fixture(params=OPTIONS)
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin="izcore_sklearn.plugin", name=request.param, options=OPTIONS[request.param])
