"""A whole prompt as a Python module that needs nothing but Python."""

from collections.abc import Iterator

from izcore.plugin import (
    BackendContext,
    Exporter,
    ExportRequest,
    ExportResult,
    Options,
    PromptMessage,
    WholePrompt,
    content_of,
    identifiers,
    measured_line,
)

_ANSWER = '''
def answer(text: str) -> str:
    """Return the answer in what the model wrote: what stands behind the last mark."""
    found = list(re.finditer(re.escape({mark}), text, re.IGNORECASE))
    return text[found[-1].end() :].strip("*_ \\n") if found else text
'''


class Python(Exporter):
    """A module with a function ``messages``, and ``answer`` where the answer stands behind a mark."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def export(self, request: ExportRequest) -> ExportResult:
        """Return the module's source."""
        prompt = request.prompt
        assert prompt is not None, "the core asks exporters of prompts about prompts alone"
        return ExportResult(text="\n".join(_module(prompt, measured_line(request.run))) + "\n")


def _module(prompt: WholePrompt, told: str) -> Iterator[str]:
    names = identifiers(prompt.fields)
    yield f"# {told}"
    if prompt.room:
        yield f"# An answer needs room for {prompt.room} tokens."
    yield ""
    if prompt.answer_mark:
        yield from ("import re", "")
    yield from ("", f"def messages({', '.join(_parameters(prompt, names))}) -> list[dict]:")
    yield '    """Return the messages to send: role and content of each."""'
    yield "    return ["
    for place, message in enumerate(prompt.messages):
        if place == prompt.turns_at:
            yield "        *turns,"
        shows_images = prompt.shows_images and place == len(prompt.messages) - 1
        content = _content(message, names, shows_images)
        yield f'        {{"role": "{message.role}", "content": {content}}},'
    yield "    ]"
    if prompt.answer_mark:
        yield _ANSWER.format(mark=repr(prompt.answer_mark)).rstrip("\n")


def _parameters(prompt: WholePrompt, names: dict[str, str]) -> Iterator[str]:
    several = len(names) > 1 or prompt.shows_images or prompt.turns_at is not None
    own = [f"{name}: str" for name in names.values()]
    yield from own[:1] if not several else ["*", *own]
    if prompt.shows_images:
        yield "images: list[str] = []"
    if prompt.turns_at is not None:
        yield "turns: list[dict] = []"


def _content(message: PromptMessage, names: dict[str, str], shows_images: bool) -> str:
    """Return the expression of a message's content; ``images`` are shown as URLs of what is asked about."""
    text = message_expression(message, names)
    shown = [f"{part!r}" for part in content_of("", message.images)[:-1]]
    if shows_images:
        shown = ['*({"type": "image_url", "image_url": {"url": each}} for each in images)']
    parts = [*shown, f'{{"type": "text", "text": {text}}}']
    return f"[{', '.join(parts)}]" if shown else text


def message_expression(message: PromptMessage, names: dict[str, str], indent: str = " " * 12) -> str:
    """Return a Python expression of a message's text, a line of the source for each of its own."""
    pieces: list[str] = []
    for piece in message.pieces:
        if piece.field:
            pieces.append(names[piece.field])
        else:
            literals = (repr(line) for line in piece.text.splitlines(keepends=True))
            pieces.append(f"\n{indent}".join(literals))
    if not pieces:
        return '""'
    joined = f"\n{indent}+ ".join(pieces)
    return joined if "\n" not in joined else f"(\n{indent}{joined}\n{indent[:-4]})"
