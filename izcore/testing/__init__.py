"""The conformance kit: what the core relies on, as tests that a plugin's author subclasses.

>>> import pytest
>>> from izcore.testing import ScorerConformance, Subject
>>> class TestMine(ScorerConformance):
...     @pytest.fixture
...     def subject(self) -> Subject:
...         return Subject(plugin="izcore_mine.plugin", name="mine", options={"model": "x"})

Every method whose name begins with ``test_`` is a check; its docstring says what is promised and why. A check
that does not fit is left out through :attr:`Subject.exempt`, with a reason that pytest shows.
"""

try:
    import pytest
except ImportError as error:
    raise ImportError("izcore.testing needs pytest: pip install 'izcore[testing]'") from error

# Before they are imported, so that a check that fails shows what it compared.
for _module in (
    *(
        "backends",
        "chat_asking",
        "chat_scorers",
        "commands",
        "conformance",
        "coordinates",
        "evaluation_policies",
    ),
    *("executors", "exporters", "generators", "metrics", "scorers", "surrogates", "tasks", "trackers"),
):
    pytest.register_assert_rewrite(f"{__name__}.{_module}")

from izcore.testing.chat_scorers import ChatScorerConformance
from izcore.testing.chat_server import ChatProtocol, ChatRequest, ChatServer, Reply
from izcore.testing.commands import CommandConformance
from izcore.testing.coordinates import CoordinateConformance
from izcore.testing.evaluation_policies import EvaluationPolicyConformance
from izcore.testing.executors import ExecutorConformance
from izcore.testing.exporters import ExporterConformance
from izcore.testing.generators import GeneratorConformance
from izcore.testing.metrics import MetricConformance
from izcore.testing.scorers import ScorerConformance
from izcore.testing.subject import Subject, answering
from izcore.testing.surrogates import SurrogateConformance
from izcore.testing.tasks import TaskConformance
from izcore.testing.trackers import TrackerConformance

__all__ = [
    "ChatProtocol",
    "ChatRequest",
    "ChatScorerConformance",
    "ChatServer",
    "CommandConformance",
    "CoordinateConformance",
    "EvaluationPolicyConformance",
    "ExecutorConformance",
    "ExporterConformance",
    "GeneratorConformance",
    "MetricConformance",
    "Reply",
    "ScorerConformance",
    "Subject",
    "SurrogateConformance",
    "TaskConformance",
    "TrackerConformance",
    "answering",
]
