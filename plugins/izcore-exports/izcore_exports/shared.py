"""What the formats have in common: the prompt that they are asked about, and the test examples."""

from collections.abc import Iterator

from izcore.plugin import Example, ExportRequest, Run, UsageError, WholePrompt


def prompt_of(request: ExportRequest, format_: str) -> WholePrompt:
    """Return the prompt of a request; raises UsageError for one that the tool cannot show."""
    prompt = request.prompt
    assert prompt is not None, "the core asks exporters of prompts about prompts alone"
    if prompt.shows_images or any(message.images for message in prompt.messages):
        raise UsageError(f"{format_}: the prompt shows images.", hint="Take --to messages or python.")
    if prompt.turns_at is not None:
        raise UsageError(f"{format_}: the prompt goes on conversations.", hint="Take --to python.")
    return prompt


def tests_of(run: Run, names: dict[str, str]) -> Iterator[tuple[dict[str, str], tuple[str, ...]]]:
    """Yield the values and targets of each test example; ``names`` are variables by field."""
    for example in run.splits.test if run.splits else ():
        yield {name: _value(example, field) for field, name in names.items()}, example.targets


def _value(example: Example, field: str) -> str:
    return example.input if field == "input" else example.fields.get(field, "")
