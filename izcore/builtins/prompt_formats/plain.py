"""A whole prompt as text, as messages in JSON, and as TOML, with ``{name}`` where a field goes."""

import json
import re
from collections.abc import Iterator

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    Options,
    PromptMessage,
    UsageError,
    WholePrompt,
    content_of,
    measured_line,
    scorer_name,
)
from izcore.plugin.toml_text import toml_string


class Text(Exporter):
    """The prompt as one text; where it has several messages, each stands below who speaks."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the text."""
        prompt = _of_texts("text", request)
        texts = [(each.role, braced(each, prompt, "text")) for each in prompt.messages]
        if len(texts) == 1:
            return ExportResult(text=f"{texts[0][1]}\n")
        return ExportResult(text="\n".join(f"[{role}]\n{text}\n" for role, text in texts))


class Messages(Exporter):
    """The prompt as a JSON list of messages with role and content, as chat models take them.

    The images of exemplars are in it; those of an input are for the caller to add to the last message.
    """

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the list, indented."""
        assert request.prompt is not None, "the core asks exporters of prompts about prompts alone"
        messages = [
            {
                "role": each.role,
                "content": content_of(braced(each, request.prompt, "messages"), each.images),
            }
            for each in request.prompt.messages
        ]
        return ExportResult(text=f"{json.dumps(messages, ensure_ascii=False, indent=2)}\n")


class Toml(Exporter):
    """The prompt and how it was measured, as TOML: a file to keep under version control."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the file's text."""
        return ExportResult(text="\n".join(self._lines(request)) + "\n")

    def _lines(self, request: ExportRequest) -> Iterator[str]:
        prompt, run = _of_texts("toml", request), request.run
        yield f"# {measured_line(run)}"
        yield f"fields = [{', '.join(map(toml_string, prompt.fields))}]"
        if prompt.answer_mark:
            yield "# The answer is what the model writes behind the last mark."
            yield f"answer_mark = {toml_string(prompt.answer_mark)}"
        if prompt.room:
            yield f"answer_tokens = {prompt.room}"
        yield from ("", "[measured]", f"run = {toml_string(run.id)}", f"task = {toml_string(run.task)}")
        yield f"scorer = {toml_string(scorer_name(run))}"
        test = run.result and run.result.best and run.result.best.test
        if test:
            yield f"score = {test.score}\nlow = {test.low}\nhigh = {test.high}\nexamples = {test.n}"
        for message in prompt.messages:
            yield from ("", "[[messages]]", f"role = {toml_string(message.role)}")
            yield f"content = {_long(braced(message, prompt, 'toml'))}"


def braced(message: PromptMessage, prompt: WholePrompt, format_: str) -> str:
    """Return a message's text with ``{name}`` where a field goes; nothing else in it may look like that."""
    for piece in message.pieces:
        if held := next((name for name in prompt.fields if f"{{{name}}}" in piece.text), None):
            raise UsageError(
                f"{format_}: the prompt itself holds the text {{{held}}}, which stands for a field here.",
                hint="Take a format that tells the two apart, such as python.",
            )
    return message.written(lambda name: f"{{{name}}}")


def _of_texts(format_: str, request: ExportRequest) -> WholePrompt:
    """Return the prompt of a request; raises UsageError where it shows images, which no text can."""
    assert request.prompt is not None, "the core asks exporters of prompts about prompts alone"
    if any(message.images for message in request.prompt.messages):
        raise UsageError(
            f"{format_}: the prompt shows images, which no text can.", hint="Take messages or python."
        )
    return request.prompt


def _long(text: str) -> str:
    """Return a text as a string of TOML that keeps its lines."""
    if "\n" not in text:
        return toml_string(text)
    escaped = "\n".join(toml_string(line)[1:-1].replace('\\"', '"') for line in text.split("\n"))
    escaped = re.sub(r'"(?="")|"$', r'\\"', escaped)
    return f'"""\n{escaped}"""'
