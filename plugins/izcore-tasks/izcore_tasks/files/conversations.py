"""Inputs that are a list of chat messages, as in samples of OpenAI's evals."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from izcore.plugin import DataError, Image, Message, find_image
from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, describe

Row = tuple[int, dict[str, Any]]
"""The place of a row, and what it holds."""

_TRAINING_KEYS = ("messages", "conversations", "conversation", "contents")
_SYSTEM_KEYS = ("system", "systemInstruction", "system_instruction")
"""What the system message is called where it stands beside the messages: a text, or a message."""
_ROLES = {
    **dict.fromkeys(("user", "human", "example_user"), "user"),
    **dict.fromkeys(("assistant", "gpt", "model", "bot", "chatbot", "example_assistant"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
}
"""What files call who speaks; others keep their names."""
_MOSTLY = 0.5


@dataclass(frozen=True)
class _Said:
    """A message as a file has it: any role, the name of who speaks, a text, and images."""

    role: str
    name: str
    text: str
    images: tuple[Image, ...] = ()

    @property
    def by_assistant(self) -> bool:
        """Whether the model whose answers are wanted says it."""
        return self.role == "assistant"


def read_conversations(rows: list[Row], column: str, draft: Draft) -> list[Row]:
    """Return the rows with the user's last message in place of every list of messages under ``column``.

    The messages before it are kept in the draft as turns. A system message that all rows share is an
    instruction that somebody wrote for the task: it leaves the inputs and becomes a human instruction.
    Messages that follow each other and are not the assistant's are one message, in which each stands after
    its role. Where the assistant has the last word, the whole conversation is one text.
    """
    conversations: dict[int, list[_Said]] = {}
    for place, row in rows:
        if _is_conversation(row.get(column)):
            try:
                conversations[place] = [_read_message(message, draft.folder) for message in row[column]]
            except ValueProblem as problem:
                draft.problem(place, str(problem))
                conversations[place] = []
    if not conversations:
        return rows
    shared = _shared_instruction([messages for messages in conversations.values() if messages])
    if shared:
        draft.human_instructions = (shared,)
        draft.notes.append(f"The system message of all samples is a human instruction, not input: {shared}")
    found: list[Row] = []
    for place, row in rows:
        messages = conversations.get(place)
        if messages is None:
            found.append((place, row))
        elif messages:
            *turns, last = _turns(messages[bool(shared) :])
            draft.turns[place] = tuple(turns)
            draft.images[place] = (*draft.images.get(place, ()), *last.images)
            found.append((place, {**row, column: last.text}))
    return found


def rows_of_training_samples(rows: Sequence[Row], draft: Draft) -> Sequence[Row]:
    """Return samples for the training of chat models as rows of input and target.

    Such a sample is a list of messages whose last one is the assistant's: that is the target, all before it
    are the input. Rows of any other form are returned as they are.
    """
    key = next((key for key in _TRAINING_KEYS if _hold_training(rows, key)), "")
    if not key:
        return rows
    draft.notes.append("Samples of chat training: the last message, the assistant's, is the target.")
    converted = []
    for place, row in rows:
        if not _is_training(row.get(key)):
            draft.problem(place, f"{key} is no list of messages that ends with the assistant's")
            continue
        *before, last = [_in_one_form(message) for message in row[key]]
        others = {name: value for name, value in row.items() if name not in (key, *_SYSTEM_KEYS)}
        before = [*map(_system_message, filter(None, map(row.get, _SYSTEM_KEYS))), *before]
        content = last.get("content")
        target = _read_message(last, draft.folder).text if isinstance(content, list) else content
        converted.append((place, {**others, "input": before, "target": target}))
    return converted


def _hold_training(rows: Sequence[Row], key: str) -> bool:
    """Whether rows have samples for training under ``key``, most of them, and no other values than lists."""
    values = [row.get(key) for _, row in rows]
    samples = sum(map(_is_training, values))
    return samples > _MOSTLY * len(rows) and all(isinstance(value, list | None) for value in values)


def _is_training(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, dict) for each in value):
        return False
    messages = [_in_one_form(message) for message in value]
    return all("role" in message for message in messages) and messages[-1]["role"] == "assistant"


def _in_one_form(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message of ``role`` and ``content``; some files say ``from`` and ``value``, or ``parts``."""
    role = message.get("role", message.get("from"))
    content = next((message[key] for key in ("content", "value", "parts") if key in message), None)
    if not isinstance(role, str):
        return {}
    return {**message, "role": _ROLES.get(role.lower(), role), "content": content}


def _system_message(beside: Any) -> dict[str, Any]:
    """Return what stands beside the messages as a system message: a text, or a message without its role."""
    message = beside if isinstance(beside, dict) else {"content": beside}
    return _in_one_form({**message, "role": "system"})


def _is_conversation(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(each, dict) and ("role" in each or {"from", "value"} <= set(each)) for each in value
        )
    )


def _read_message(message: dict[str, Any], folder: str) -> _Said:
    message = _in_one_form(message)
    role, name, content = message.get("role"), message.get("name"), message.get("content")
    if role == "system" and isinstance(name, str):  # evals name so who speaks in an example that they show
        role = _ROLES.get(name, name)
    images: tuple[Image, ...] = ()
    if isinstance(content, list):
        parts = [part if isinstance(part, dict) else {} for part in content]
        images = tuple(_images(parts, folder))
        texts = [part.get("text") for part in parts if not _image_of(part)]
        if not all(isinstance(text, str) for text in texts):
            raise ValueProblem("a message has content that is neither text nor an image")
        content = "\n".join(map(str, texts))
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueProblem(f"the content of a message is {describe(content)}, where text belongs")
    if images and role == "assistant":
        raise ValueProblem("the assistant shows an image, which no model can be sent")
    return _Said(role, name if isinstance(name, str) else role, content, images)


def _images(parts: Iterable[dict[str, Any]], folder: str) -> Iterator[Image]:
    for source in filter(None, map(_image_of, parts)):
        try:
            yield find_image(source, folder)
        except DataError as error:
            raise ValueProblem(error.message) from None


def _image_of(part: dict[str, Any]) -> str:
    """Return the path or URL in a part of a message that is an image; empty for any other part.

    The forms are those of OpenAI's and Anthropic's protocols, and of chat templates of open models.
    """
    if "image" not in str(part.get("type", "")):
        return ""
    held = part.get("image_url") or part.get("source") or part
    if isinstance(held, str):
        return held
    if isinstance(held, dict) and held.get("data"):
        return f"data:{held.get('media_type')};base64,{held['data']}"
    found = [held.get(key) for key in ("url", "path", "image")] if isinstance(held, dict) else []
    return next((each for each in found if isinstance(each, str)), "")


def _shared_instruction(conversations: list[list[_Said]]) -> str:
    first = {messages[0] for messages in conversations}
    if len(first) != 1 or any(len(messages) < 2 for messages in conversations):
        return ""
    message = first.pop()
    return message.text.strip() if message.role == "system" else ""


def _turns(messages: Sequence[_Said]) -> list[Message]:
    """Return messages as turns of user and assistant, of which the last is the user's."""
    if messages[-1].by_assistant:
        return [_joined(messages)]
    return [_joined(list(said)) for _, said in groupby(messages, key=lambda message: message.by_assistant)]


def _joined(messages: Sequence[_Said]) -> Message:
    text = messages[0].text
    if len(messages) > 1:
        text = "\n".join(f"{message.name}: {message.text}" for message in messages)
    alone = all(message.by_assistant for message in messages)
    images = tuple(image for message in messages for image in message.images)
    return Message(role="assistant" if alone else "user", text=text, images=images)
