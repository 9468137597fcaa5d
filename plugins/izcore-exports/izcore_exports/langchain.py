"""The format ``langchain``: a ``ChatPromptTemplate``, in LangChain's own JSON."""

from langchain_core.load import dumps
from langchain_core.prompts import ChatPromptTemplate

from izcore.plugin import BackendContext, Exporter, ExportRequest, ExportResult, Options, identifiers
from izcore_exports.shared import prompt_of

_ROLES = {"system": "system", "user": "human", "assistant": "ai"}


class LangChain(Exporter):
    """What ``langchain_core.load.loads`` makes a template of, with a variable for each field."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the JSON."""
        prompt = prompt_of(request, "langchain")
        names = identifiers(prompt.fields)
        template = ChatPromptTemplate.from_messages(
            [
                (_ROLES[each.role], each.written(lambda field: f"{{{names[field]}}}", _doubled))
                for each in prompt.messages
            ]
        )
        return ExportResult(text=f"{dumps(template, pretty=True)}\n")


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
