"""Checks of exporters."""

import msgspec

from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import unchanged
from izcore.testing.sample_run import sample_run

ODD = 'Say "“Größe”" 🙂,\n| twice; <b>now</b>\t\\'


class ExporterConformance(BackendConformance):
    """What the core relies on in an exporter."""

    kind = "exporter"
    methods = ("export",)

    def test_a_run_becomes_a_text(self, make: Make) -> None:
        """A run that has ended becomes a text that is not empty: it is printed, or written to a file."""
        result = make().export(ExportRequest(run=sample_run("Add s.")))
        assert isinstance(result, ExportResult)
        assert isinstance(result.text, str)
        assert result.text

    def test_same_run_same_text(self, make: Make) -> None:
        """The same run becomes the same text: exported runs are compared with each other."""
        exporter, request = make(), ExportRequest(run=sample_run("Add s."))
        assert exporter.export(request) == exporter.export(request) == make().export(request)

    def test_unfinished_runs(self, make: Make) -> None:
        """A run can be exported before it has a result, a test score, or even a trial."""
        whole = sample_run("Add s.")
        unfinished = msgspec.structs.replace(whole, status="interrupted", result=None, test_scores=())
        for run in (unfinished, msgspec.structs.replace(unfinished, trials=())):
            make().export(ExportRequest(run=run))

    def test_odd_texts(self, make: Make) -> None:
        """Instructions and answers hold whatever a model writes: quotes, line ends, any letter."""
        str(make().export(ExportRequest(run=sample_run(ODD))).text).encode()

    def test_request_is_left_as_it_was(self, make: Make) -> None:
        """The run is not changed: its caller goes on with it."""
        request = ExportRequest(run=sample_run("Add s."))
        with unchanged(request):
            make().export(request)
