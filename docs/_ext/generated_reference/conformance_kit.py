"""The reference of the conformance kit."""

import re
from collections.abc import Mapping
from typing import Any

from generated_reference.markdown import table
from izcore.testing import (
    ChatScorerConformance,
    CommandConformance,
    CoordinateConformance,
    EvaluationPolicyConformance,
    ExecutorConformance,
    ExporterConformance,
    GeneratorConformance,
    MetricConformance,
    ScorerConformance,
    SurrogateConformance,
    TaskConformance,
    TrackerConformance,
)
from izcore.testing.backends import BackendConformance
from izcore.testing.conformance import Conformance

KITS: Mapping[str, type[Conformance]] = {
    "Every kind": Conformance,
    "Every kind that is built from options": BackendConformance,
    "Generators": GeneratorConformance,
    "Scorers": ScorerConformance,
    "Scorers behind HTTP": ChatScorerConformance,
    "Surrogates": SurrogateConformance,
    "Tasks": TaskConformance,
    "Metrics": MetricConformance,
    "Evaluation policies": EvaluationPolicyConformance,
    "Coordinates": CoordinateConformance,
    "Trackers": TrackerConformance,
    "Executors": ExecutorConformance,
    "Exporters": ExporterConformance,
    "Commands": CommandConformance,
}


NOT_OVERRIDDEN = (
    "subject",
    "backend",
    "make",
    "usual",
    "data",
    "_exemptions",
    "written",
    "key_in_environment",
)


FIXTURE = type(vars(Conformance)["subject"])


ROLE = re.compile(r":\w+:`[~.]?([^`]+)`")


def conformance() -> str:
    """Say what each check of the kit promises, in the words of its docstring."""
    parts = []
    for heading, kit in KITS.items():
        checks = [(name, check) for name, check in vars(kit).items() if name.startswith("test_")]
        lines = "\n".join(f"- `{name}`: {_said(check)}" for name, check in checks)
        parts.append(f"### {heading}\n\n{lines}\n")
    return "\n".join(parts)


def conformance_fixtures() -> str:
    """Return a table of the fixtures that an author may override."""
    rows = [
        (heading.lower(), f"`{name}`", _said(member))
        for heading, kit in KITS.items()
        for name, member in vars(kit).items()
        if isinstance(member, FIXTURE) and name not in NOT_OVERRIDDEN
    ]
    return table(("for", "fixture", "what"), rows)


def _said(documented: Any) -> str:
    text = " ".join((documented.__doc__ or "").split())
    return ROLE.sub(r"`\1`", text).replace("``", "`")
