"""The core's own backends, and the toy's, pass the kit that outsiders' backends pass."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from support import write_lines

from izcore.plugin import Ask, Example, Prompt
from izcore.testing import (
    CoordinateConformance,
    EvaluationPolicyConformance,
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

BUILTINS = "izcore.builtins.plugin"
TOY = "izcore_toy.plugin"


class TestPool(GeneratorConformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        lines = ["# By hand.", "Write the plural.", "Write the plural.", "Add an s.", "Say it twice."]
        return Subject(
            plugin=BUILTINS, name="pool", options={"file": str(write_lines(tmp_path / "p.txt", lines))}
        )


class TestSobol(SurrogateConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        sequence = "one sequence per run: the run's seed decides, not the round's"
        return Subject(plugin=BUILTINS, name="sobol", exempt={"test_another_seed_suggests_others": sequence})


class TestRandom(SurrogateConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=BUILTINS, name="random")


METRICS: Mapping[str, Mapping[str, Any]] = {
    "exact_match": {},
    "f1": {"normalise": "paper"},
    "exact_set": {},
    "contains": {},
    "choice": {"which": "only"},
    "number": {},
    "regex": {"pattern": "^{target}$"},
    "function": {"path": "support:is_a_target"},
}


class TestMetrics(MetricConformance):
    @pytest.fixture(params=METRICS)
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin=BUILTINS, name=request.param, options=METRICS[request.param])


class TestCommand(ScorerConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        program = "import sys; print(len(sys.stdin.read()))"
        no_tokens = "a program does not say how many tokens it uses"
        return Subject(
            plugin=BUILTINS,
            name="command",
            options={"command": shlex.join([sys.executable, "-c", program])},
            exempt={"test_usage_is_reported": no_tokens},
        )

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"command": shlex.join([sys.executable, "-c", "raise SystemExit(1)"])}


class TestExporters(ExporterConformance):
    @pytest.fixture(
        params=[
            *("json", "jsonl", "jsonl:answers", "csv", "csv:answers", "csv:tests", "parquet:tests"),
            *("text", "messages", "toml", "python"),
        ]
    )
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        name, _, table = request.param.partition(":")
        return Subject(plugin=BUILTINS, name=name, options={"table": table} if table else {})


@pytest.mark.parametrize("options", [{}, {"reason": True, "clauses": ("In one sentence.",)}], indirect=True)
class TestOutputForm(CoordinateConformance):
    @pytest.fixture
    def options(self, request: pytest.FixtureRequest) -> Mapping[str, Any]:
        given: Mapping[str, Any] = request.param
        return given

    @pytest.fixture
    def subject(self, options: Mapping[str, Any]) -> Subject:
        return Subject(plugin=BUILTINS, name="form", options=options)


@pytest.mark.parametrize("name", ["exemplars", "placement"])
class TestPartsOfThePrompt(CoordinateConformance):
    @pytest.fixture
    def subject(self, name: str) -> Subject:
        return Subject(plugin=BUILTINS, name=name)


class TestManner(CoordinateConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=TOY, name="manner")


class TestEvaluationPolicies(EvaluationPolicyConformance):
    @pytest.fixture(params=["full", "halving", "stepwise", "hyperband", "racing"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin=BUILTINS, name=request.param)


class TestEventLog(TrackerConformance):
    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        return Subject(plugin=BUILTINS, name="jsonl", options={"file": str(tmp_path / "events.jsonl")})


class TestJudge(MetricConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=BUILTINS, name="judge", options={"rubric": "It is the plural."})

    @pytest.fixture
    def ask(self) -> Ask:
        """Grades as it should: 5 for a reference answer, else 0."""

        def grade(prompt: Prompt) -> str:
            lines = dict(line.split(": ", 1) for line in prompt.text.splitlines() if ": " in line)
            right = lines.get("Answer to grade") in lines["Reference answers"].split(" | ")
            return f"Grade: {5 if right else 0}"

        return answering(grade)


class TestToyGenerator(GeneratorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=TOY, name="phrases")


class TestToyScorers(ScorerConformance):
    @pytest.fixture(params=[{}, {"batch_size": 2}, {"concurrency": 4}], ids=str)
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin=TOY, name="obedient", options=request.param)

    @pytest.fixture
    def failing_options(self) -> Mapping[str, Any]:
        return {"down": str(Path(__file__))}


class TestToyTask(TaskConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=TOY, name="mirror")


class TestToySurrogate(SurrogateConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        exempt = {
            "test_another_seed_suggests_others": "one fixed lattice, which learns nothing and draws nothing"
        }
        return Subject(plugin=TOY, name="lattice", exempt=exempt)


class TestToyMetric(MetricConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=TOY, name="same_letters")

    @pytest.fixture
    def examples(self) -> Sequence[Example]:
        return tuple(Example(input=word, targets=(word[::-1],)) for word in ("cat", "box", "child"))
