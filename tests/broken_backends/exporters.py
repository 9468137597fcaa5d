import itertools

from izcore.plugin import Exporter, ExportResult

COUNTER = itertools.count()


class Fine(Exporter):
    def __init__(self, options, context):
        pass

    def export(self, request):
        return ExportResult(text="".join(f"{t.candidate.instruction}\n" for t in request.run.trials))


class Encoded(Fine):
    def export(self, request):
        return ExportResult(text=super().export(request).text.encode())


class Numbered(Fine):
    def export(self, request):
        return ExportResult(text=f"{next(COUNTER)}")


class Impatient(Fine):
    def export(self, request):
        return ExportResult(text=request.run.result.conclusion)


class Plain(Fine):
    def export(self, request):
        return ExportResult(text=super().export(request).text.encode("ascii").decode())


class Meddling(Fine):
    def export(self, request):
        request.run.config.pop("seed", None)
        return super().export(request)
