"""Renders a conversation, and the beginning of the answer, the way a model was trained to read them."""

from collections.abc import Mapping, Sequence

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from izcore.plugin import Message, Prompt, opened_reasoning

VICUNA_SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)
SPLIT_MARK = "\ue000"
"""A private-use character that marks a place in a message; see :func:`split_chat_tokens`."""


def chat_text(
    tokenizer: PreTrainedTokenizerBase,
    user: str,
    *,
    system: str | None = None,
    turns: Sequence[Message] = (),
    prefill: str = "",
    conversation: str = "auto",
    thinking: bool | None = None,
) -> str:
    """Return the text that a model is to go on with, up to and including ``prefill``.

    ``user`` is the user's last message, ``turns`` are those before it.
    ``conversation`` is ``vicuna`` (Vicuna v1.1's template, which WizardLM-13B shares), ``tokenizer``
    (the tokenizer's chat template), ``plain`` (the messages as they are) or ``auto``: the tokenizer's
    template if it has one, else plain. ``system`` None leaves the template's own system message; an
    empty one empties it. Where a tokenizer's template has no place for a system message, or none for such
    turns, they stand within the user's message. ``prefill`` begins the assistant's answer, after a block of
    reasoning that is closed at once where the template opens one. ``thinking`` is what the template is told
    as ``enable_thinking``, unless it is None.
    """
    conversation = _resolved(tokenizer, conversation)
    if conversation == "vicuna":
        # https://github.com/lm-sys/FastChat/blob/main/docs/vicuna_weights_version.md
        opening = VICUNA_SYSTEM if system is None else system
        before = "".join(_vicuna_turn(turn) for turn in turns)
        # The published code puts its message, which begins with a line break, right behind the colon.
        message = f"USER:{user}" if user.startswith("\n") else f"USER: {user}"
        return " ".join(part for part in (opening, f"{before}{message}", "ASSISTANT:", prefill) if part)
    if conversation == "plain":
        message = Prompt(text=user, system=system or "", turns=tuple(turns)).folded().text
        return f"{message}\n{prefill}" if prefill else message
    text = _in_template(tokenizer, system, [*turns, Message(role="user", text=user)], thinking)
    return closed(text) + prefill if prefill else text


def chat_tokens(
    tokenizer: PreTrainedTokenizerBase,
    user: str,
    *,
    system: str | None = None,
    turns: Sequence[Message] = (),
    prefill: str = "",
    conversation: str = "auto",
) -> tuple[int, ...]:
    """Return the tokens of :func:`chat_text`, with the special tokens that open a text."""
    conversation = _resolved(tokenizer, conversation)
    text = chat_text(tokenizer, user, system=system, turns=turns, prefill=prefill, conversation=conversation)
    return _tokens(tokenizer, text, opens=True, conversation=conversation)


def split_chat_tokens(
    tokenizer: PreTrainedTokenizerBase,
    user: str,
    *,
    system: str | None = None,
    prefill: str = "",
    conversation: str = "auto",
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens before and after :data:`SPLIT_MARK`, which is in ``user`` or ``prefill`` once.

    What the model goes on with is its answer: the template is told that it shall not think, and a block of
    reasoning that it opens all the same is closed.
    """
    conversation = _resolved(tokenizer, conversation)
    text = chat_text(
        tokenizer, user, system=system, prefill=prefill, conversation=conversation, thinking=False
    )
    before, after = closed(text).split(SPLIT_MARK)
    return (
        _tokens(tokenizer, before, opens=True, conversation=conversation),
        _tokens(tokenizer, after, opens=False, conversation=conversation),
    )


def opening_of_reasoning(tokenizer: PreTrainedTokenizerBase, conversation: str = "auto") -> str:
    """Return the mark by which the template opens a block of reasoning for the model; empty without one."""
    marks = opened_reasoning(chat_text(tokenizer, "?", conversation=conversation))
    return marks[0] if marks else ""


def closed(text: str) -> str:
    """Return a prompt whose end opens no block of reasoning: one that it opens is closed, empty."""
    marks = opened_reasoning(text)
    return f"{text.rstrip()}\n\n{marks[1]}\n\n" if marks else text


def _vicuna_turn(turn: Message) -> str:
    return f"USER: {turn.text} " if turn.role == "user" else f"ASSISTANT: {turn.text}</s>"


def _in_template(
    tokenizer: PreTrainedTokenizerBase,
    system: str | None,
    messages: Sequence[Message],
    thinking: bool | None,
) -> str:
    """Render messages in the tokenizer's template, the system message within the first where it must be.

    Some templates raise an error for a system message, and some leave it out.
    """
    told = {} if thinking is None else {"enable_thinking": thinking}

    def apply(listed: Sequence[Mapping[str, str]]) -> str:
        text = tokenizer.apply_chat_template(listed, tokenize=False, add_generation_prompt=True, **told)
        return str(text)

    listed = [{"role": message.role, "content": message.text} for message in messages]
    with_system = listed if system is None else [{"role": "system", "content": system}, *listed]
    try:
        text = apply(with_system)
        if (system or "").strip() in text:
            return text
    except TemplateError:
        if system is None and len(messages) == 1:
            raise
    first, *others = listed
    try:
        return apply([{**first, "content": _folded(system, messages[:1])}, *others])
    except TemplateError:  # turns that do not alternate, for example
        return apply([{"role": "user", "content": _folded(system, messages)}])


def _folded(system: str | None, messages: Sequence[Message]) -> str:
    *turns, last = messages
    return Prompt(text=last.text, system=system or "", turns=tuple(turns)).folded().text


def _resolved(tokenizer: PreTrainedTokenizerBase, conversation: str) -> str:
    if conversation != "auto":
        return conversation
    return "tokenizer" if getattr(tokenizer, "chat_template", None) else "plain"


def _tokens(
    tokenizer: PreTrainedTokenizerBase, text: str, *, opens: bool, conversation: str
) -> tuple[int, ...]:
    # A chat template writes its special tokens itself; everywhere else the tokenizer adds them.
    add_special_tokens = opens and conversation != "tokenizer"
    return tuple(tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"])
