"""The format ``html`` of ``iz runs export``: the page that ``iz report`` writes."""

from izcore.plugin import BackendContext, Exporter, ExportRequest, ExportResult, Options
from izcore_web.pages import run_page


class Html(Exporter):
    """The run as one self-contained page."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the page."""
        return ExportResult(text=run_page(request.run))
