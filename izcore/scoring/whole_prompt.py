"""Makes a whole prompt of a guidance: what the black box is sent, with places for an example's fields."""

import re
from collections.abc import Callable, Sequence

from izcore.plugin.calls import Message, Prompt
from izcore.plugin.examples import Example, field_names
from izcore.plugin.trials import Guidance
from izcore.plugin.whole_prompts import PromptMessage, PromptPiece, WholePrompt
from izcore.scoring.prompt import INPUT
from izcore.scoring.prompt_form import PromptForm

AsTaken = Callable[[Prompt], Prompt]
"""Turns a prompt into what a scorer takes: one message, where it knows no others."""

_MARK = "\ue000"
"""A character for private use, of which no text is expected to have more than one in a row."""
_TURN = Message(role="user", text="")


def whole_prompt(
    form: PromptForm,
    guidance: Guidance,
    examples: Sequence[Example],
    as_taken: AsTaken,
    *,
    system: str = "",
) -> WholePrompt | None:
    """Return the prompt that asks to follow guidance on examples such as these.

    ``system`` is what the scorer says first by itself. None where examples are conversations and the scorer
    takes a single message: their turns then stand within its text.
    """
    names = tuple(dict.fromkeys((*field_names(examples), INPUT)))
    mark = _unlike(f"{guidance.key}{form.template}{system}")
    blanks = {name: f"{mark}{number}{mark}" for number, name in enumerate(names)}
    turns = (_TURN,) if any(example.turns for example in examples) else ()
    blank = Example(
        input=blanks[INPUT],
        targets=(),
        fields={name: text for name, text in blanks.items() if name != INPUT},
        turns=turns,
    )
    sent = as_taken(form.prompt(guidance, blank))
    if turns and not sent.turns:
        return None
    before = "\n\n".join(part for part in (system, sent.system) if part)
    own = [PromptMessage(role="system", pieces=_pieces(before, mark, names))] if before else []
    said = [
        PromptMessage(role=each.role, pieces=_pieces(each.text, mark, names), images=each.images)
        for each in sent.messages
        if each is not _TURN
    ]
    messages = (*own, *said)
    found = (piece.field for message in messages for piece in message.pieces if piece.field)
    return WholePrompt(
        messages=messages,
        fields=tuple(dict.fromkeys(found)),
        turns_at=len(messages) - 1 if turns else None,
        shows_images=any(example.images for example in examples),
        answer_mark=guidance.answer_mark,
        room=guidance.room,
    )


def _unlike(text: str) -> str:
    """Return a mark that a text does not hold."""
    mark = _MARK
    while mark in text:
        mark += _MARK
    return mark


def _pieces(text: str, mark: str, names: Sequence[str]) -> tuple[PromptPiece, ...]:
    parts = re.split(rf"{mark}(\d+){mark}", text)
    return tuple(
        PromptPiece(field=names[int(part)]) if place % 2 else PromptPiece(text=part)
        for place, part in enumerate(parts)
        if part
    )
