"""Inputs that are a list of chat messages, as in samples of OpenAI's evals."""

from collections.abc import Sequence
from typing import Any

from izcore_tasks.files.draft import Draft
from izcore_tasks.files.values import ValueProblem, describe

Row = tuple[int, dict[str, Any]]
"""The place of a row, and what it holds."""


_TRAINING_KEYS = ("messages", "conversations", "conversation")
_ROLES = {"human": "user", "gpt": "assistant"}


def flatten_conversations(rows: list[Row], column: str, draft: Draft) -> list[Row]:
    """Return the rows with every list of messages under ``column`` made one text.

    A system message that all rows share is an instruction that somebody wrote for the task: it leaves
    the inputs and becomes a human instruction. A single message that is left is the input; several are
    written one after the other, each after its role.
    """
    conversations: dict[int, list[tuple[str, str]]] = {}
    for place, row in rows:
        if _is_conversation(row.get(column)):
            try:
                conversations[place] = [_read_message(message) for message in row[column]]
            except ValueProblem as problem:
                draft.problem(place, str(problem))
                conversations[place] = []
    if not conversations:
        return rows
    shared = _shared_instruction([messages for messages in conversations.values() if messages])
    if shared:
        draft.human_instructions = (shared,)
        draft.notes.append(f"The system message of all samples is a human instruction, not input: {shared}")
    return [
        (place, {**row, column: _write(conversations[place][bool(shared) :])})
        if place in conversations
        else (place, row)
        for place, row in rows
        if conversations.get(place) != []
    ]


def rows_of_training_samples(rows: Sequence[Row], draft: Draft) -> Sequence[Row]:
    """Return samples for the training of chat models as rows of input and target.

    Such a sample is a list of messages whose last one is the assistant's: that is the target, all before it
    are the input. Rows of any other form are returned as they are.
    """
    key = next(
        (key for key in _TRAINING_KEYS if rows and all(_is_training(row.get(key)) for _, row in rows)), ""
    )
    if not key:
        return rows
    draft.notes.append("Samples of chat training: the last message, the assistant's, is the target.")
    converted = []
    for place, row in rows:
        *before, last = [_in_one_form(message) for message in row[key]]
        others = {name: value for name, value in row.items() if name != key}
        converted.append((place, {**others, "input": before, "target": last.get("content")}))
    return converted


def _is_training(value: Any) -> bool:
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(each, dict) for each in value):
        return False
    messages = [_in_one_form(message) for message in value]
    return all("role" in message for message in messages) and messages[-1]["role"] == "assistant"


def _in_one_form(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message of ``role`` and ``content``; some files say ``from`` and ``value``."""
    if "from" not in message or "value" not in message:
        return message
    role = _ROLES.get(str(message["from"]), message["from"])
    return {"role": role, "content": message["value"]}


def _is_conversation(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(message, dict) and "role" in message for message in value)
    )


def _read_message(message: dict[str, Any]) -> tuple[str, str]:
    role = message.get("name") or message["role"]
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, dict) else None for part in content]
        if not all(isinstance(part, str) for part in parts):
            raise ValueProblem("a message has content that is not text")
        content = "\n".join(str(part) for part in parts)
    if not isinstance(role, str) or not isinstance(content, str):
        raise ValueProblem(f"the content of a message is {describe(content)}, where text belongs")
    return role, content


def _shared_instruction(conversations: list[list[tuple[str, str]]]) -> str:
    first = {messages[0] for messages in conversations}
    if len(first) != 1 or any(len(messages) < 2 for messages in conversations):
        return ""
    role, content = first.pop()
    return content.strip() if role == "system" else ""


def _write(messages: list[tuple[str, str]]) -> str:
    if len(messages) == 1:
        return messages[0][1]
    return "\n".join(f"{role}: {content}" for role, content in messages)
