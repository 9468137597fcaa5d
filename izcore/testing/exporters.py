"""Checks of exporters."""

import msgspec

from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.plugin.registrations import BackendRegistration, ExporterRegistration
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import unchanged
from izcore.testing.sample_run import sample_prompt, sample_run

ODD = 'Say "“Größe”" 🙂,\n| twice; <b>now</b>\t\\'


class ExporterConformance(BackendConformance):
    """What the core relies on in an exporter."""

    kind = "exporter"
    methods = ("export",)

    def test_a_run_becomes_a_text(self, make: Make) -> None:
        """A run that has ended becomes a text, or bytes, not empty: it is printed, or written to a file."""
        result = make().export(request_of("Add s."))
        assert isinstance(result, ExportResult)
        assert isinstance(result.text, str)
        assert isinstance(result.data, bytes | None)
        assert result.text or result.data

    def test_same_run_same_text(self, make: Make) -> None:
        """The same run becomes the same text: exported runs are compared with each other."""
        exporter, request = make(), request_of("Add s.")
        assert exporter.export(request) == exporter.export(request) == make().export(request)

    def test_unfinished_runs(self, make: Make, backend: BackendRegistration) -> None:
        """A run can be exported before it has a result, a test score, or even a trial.

        Of a format of prompts is only asked that it takes a winner that could not be tested.
        """
        request = request_of("Add s.")
        whole = request.run
        assert whole.result is not None
        assert whole.result.best is not None
        untested = msgspec.structs.replace(whole.result.best, test=None)
        result = msgspec.structs.replace(whole.result, best=untested, baselines=())
        runs = [msgspec.structs.replace(whole, result=result, test_scores=())]
        if isinstance(backend, ExporterRegistration) and backend.exports == "run":
            unfinished = msgspec.structs.replace(runs[0], status="interrupted", result=None)
            runs += [unfinished, msgspec.structs.replace(unfinished, trials=())]
        for run in runs:
            make().export(ExportRequest(run=run, prompt=request.prompt if run.result else None))

    def test_odd_texts(self, make: Make) -> None:
        """Instructions and answers hold whatever a model writes: quotes, line ends, any letter."""
        str(make().export(request_of(ODD)).text).encode()

    def test_request_is_left_as_it_was(self, make: Make) -> None:
        """The run is not changed: its caller goes on with it."""
        request = request_of("Add s.")
        with unchanged(request):
            make().export(request)


def request_of(instruction: str) -> ExportRequest:
    """Return a request with a run and a prompt that have all that they can have."""
    return ExportRequest(run=sample_run(instruction), prompt=sample_prompt(instruction))
