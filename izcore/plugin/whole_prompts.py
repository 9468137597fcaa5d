"""Prompts to take away: every message as it is sent, with the places where an example's fields go."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from izcore.plugin.calls import Image
from izcore.plugin.errors import UsageError, nearest_names
from izcore.plugin.images import encode_image, find_image
from izcore.plugin.record import Record

Content = str | list[dict[str, Any]]
"""A message's text; or, where it shows images, the parts that chat models take."""


class PromptPiece(Record, omit_defaults=True):
    """A piece of a message: its text, or the name of the field whose value stands there."""

    text: str = ""
    field: str = ""


class PromptMessage(Record, omit_defaults=True):
    """A message of a whole prompt: who speaks, the pieces that its text is joined from, and its images."""

    role: Literal["system", "user", "assistant"]
    pieces: tuple[PromptPiece, ...]
    images: tuple[Image, ...] = ()

    def written(self, place: Callable[[str], str], text: Callable[[str], str] = str) -> str:
        """Return the message as one text, with ``place(name)`` where a field goes.

        ``text`` writes what stands between; a format that has characters of its own has to escape them.
        """
        return "".join(place(piece.field) if piece.field else text(piece.text) for piece in self.pieces)


class WholePrompt(Record, omit_defaults=True):
    """A prompt as it was measured: system message, template and exemplars, each message as it is sent.

    ``fields`` are the names of the values that it takes, in the order in which they first stand in it. The
    last of the ``messages`` is the user's. Where the task's examples are conversations, an example's earlier
    turns stand before the message of the number ``turns_at``; None where they are none. ``shows_images`` says
    that examples come with images, which the last message shows.

    The answer is what the model writes behind ``answer_mark``, where there is one; ``room`` is how many
    tokens it then needs, 0 where that makes no difference.
    """

    messages: tuple[PromptMessage, ...]
    fields: tuple[str, ...]
    turns_at: int | None = None
    shows_images: bool = False
    answer_mark: str = ""
    room: int = 0

    def render(
        self,
        values: Mapping[str, str],
        *,
        images: Sequence[str] = (),
        turns: Sequence[Mapping[str, str]] = (),
    ) -> list[dict[str, Any]]:
        """Return the messages that ask about one input: ``role`` and ``content``, as chat models take them.

        ``values`` has one for each of :attr:`fields`. ``images`` are files or URLs; a file is read, and its
        content becomes part of the message. ``turns`` are the messages before the input, where it is the last
        of a conversation.

        Raises UsageError for a value that is missing or that the prompt has no place for.
        """
        self._check(values, images, turns)
        messages: list[dict[str, Any]] = [
            {"role": each.role, "content": content_of(each.written(lambda name: values[name]), each.images)}
            for each in self.messages
        ]
        if images:
            text = self.messages[-1].written(lambda name: values[name])
            messages[-1]["content"] = content_of(text, tuple(map(find_image, images)))
        at, said = self.turns_at or 0, [{key: turn[key] for key in ("role", "content")} for turn in turns]
        return [*messages[:at], *said, *messages[at:]]

    def _check(self, values: Mapping[str, str], images: Sequence[str], turns: Sequence[object]) -> None:
        for name in self.fields:
            if name not in values:
                raise UsageError(f"render: {name!r} is missing.", hint=f"The prompt takes {self._takes}.")
        for name, value in values.items():
            if name not in self.fields:
                raise UsageError(
                    f"render: the prompt has no place for {name!r}; it takes {self._takes}.",
                    hint=nearest_names(name, self.fields),
                )
            if not isinstance(value, str):
                raise UsageError(f"render: {name!r} is no text: {value!r}.", hint="Give it as a string.")
        if images and not self.shows_images:
            raise UsageError("render: the prompt was measured without images.", hint="Leave them out.")
        if turns and self.turns_at is None:
            raise UsageError("render: the prompt was measured without earlier turns.", hint="Leave them out.")

    @property
    def _takes(self) -> str:
        return ", ".join(self.fields)


def content_of(text: str, images: Sequence[Image]) -> Content:
    """Return what chat models take as a message's content: its text, or parts where it shows images."""
    if not images:
        return text
    shown = [{"type": "image_url", "image_url": {"url": _url_of(image)}} for image in images]
    return [*shown, {"type": "text", "text": text}]


def _url_of(image: Image) -> str:
    encoded = None if image.is_url else encode_image(image)
    return f"data:{encoded.media_type};base64,{encoded.data}" if encoded else image.source
