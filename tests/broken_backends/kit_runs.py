"""Holds each broken backend to the kit; ``test_conformance_teeth.py`` runs this in a process of its own."""

import os
from typing import Any

import pytest

from broken_backends.plugin import BREAKS, MODULES
from izcore.plugin import BackendContext
from izcore.testing import (
    CommandConformance,
    CoordinateConformance,
    EvaluationPolicyConformance,
    ExecutorConformance,
    ExporterConformance,
    GeneratorConformance,
    MetricConformance,
    ScorerConformance,
    Subject,
    SurrogateConformance,
    TaskConformance,
    TrackerConformance,
    answering,
)

os.environ["BROKEN_API_KEY"] = "sk-secret-of-the-test"

KITS: dict[str, type[Any]] = {
    "generator": GeneratorConformance,
    "scorer": ScorerConformance,
    "surrogate": SurrogateConformance,
    "task": TaskConformance,
    "metric": MetricConformance,
    "evaluation_policy": EvaluationPolicyConformance,
    "coordinate": CoordinateConformance,
    "tracker": TrackerConformance,
    "executor": ExecutorConformance,
    "exporter": ExporterConformance,
    "command": CommandConformance,
}
CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="", ask=answering(lambda prompt: "1"))
ELSEWHERE = "test_fresh_process_suggests_the_same"


def _holding(kit: type[Any], subject: Subject, **fixtures: Any) -> type[Any]:
    members = {name: pytest.fixture(lambda self, value=value: value) for name, value in fixtures.items()}
    return type("Test", (kit,), {"subject": pytest.fixture(lambda self: subject), **members})


for _kind, _names in BREAKS.items():
    for _name, _check in _names.items():
        _fixtures: dict[str, Any] = {"context": CONTEXT}
        _exempt = {}
        if _kind == "scorer":
            _fixtures["failing_options"] = {"down": True}
        elif _kind == "command":
            _fixtures["json_arguments"] = ("--json",)
        elif _kind == "task":
            _fixtures["faulty_options"] = [{"down": True}]
        elif _kind == "surrogate" and _check != ELSEWHERE:
            _exempt = {ELSEWHERE: "a process for each of them would take long"}
        if _name == "Silent":
            _fixtures["needs_pool"] = True
        _subject = Subject(plugin="broken_backends.plugin", name=_name, exempt=_exempt)
        globals()[f"Test_{_kind}_{_name}"] = _holding(KITS[_kind], _subject, **_fixtures)

for _name in MODULES:
    _subject = Subject(plugin=f"broken_backends.registrations.{_name}", name="fine")
    globals()[f"Test_module_{_name}"] = _holding(MetricConformance, _subject, context=CONTEXT)


class TestUnknownExemption(MetricConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        exempt = {"test_taste": "it has none"}
        return Subject(plugin="broken_backends.plugin", name="named", exempt=exempt)


class TestExempt(MetricConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        exempt = {"test_target_scores_1": "the second target is only nearly right"}
        return Subject(plugin="broken_backends.plugin", name="First", exempt=exempt)
