"""The conformance kit, and what the table looks like."""

import pytest

from izcore.plugin import BackendContext, Candidate, ExportRequest, Run, Trial
from izcore.testing import ExporterConformance, Subject
from izcore_markdown import Markdown, MarkdownOptions


class TestMarkdown(ExporterConformance):
    """What every exporter promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested."""
        return Subject(plugin="izcore_markdown", name="markdown")


def test_the_best_come_first() -> None:
    """Two trials, of which one row is wanted."""
    trials = tuple(
        Trial(index=index, round=0, candidate=Candidate(latent=(), instruction=text), scores=(score,))
        for index, (text, score) in enumerate([("Add a|b.", 0.5), ("Add s.", 1.0)])
    )
    run = Run(id="1", task="plurals", status="done", seed=0, created=0.0, trials=trials)
    exporter = Markdown(MarkdownOptions(rows=1), BackendContext(seed=0, cache_dir="", data_dir=""))
    assert exporter.export(ExportRequest(run=run)).text.splitlines()[-1] == "| 1.00 | 1 | Add s. |"
