"""Renders one user message, and the beginning of the answer, the way a model was trained to read them."""

from transformers import PreTrainedTokenizerBase

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
    prefill: str = "",
    conversation: str = "auto",
) -> str:
    """Return the text that a model is to go on with, up to and including ``prefill``.

    ``conversation`` is ``vicuna`` (Vicuna v1.1's template, which WizardLM-13B shares), ``tokenizer``
    (the tokenizer's chat template), ``plain`` (the messages as they are) or ``auto``: the tokenizer's
    template if it has one, else plain. ``system`` None leaves the template's own system message; an
    empty one empties it. ``prefill`` begins the assistant's answer.
    """
    conversation = _resolved(tokenizer, conversation)
    if conversation == "vicuna":
        # https://github.com/lm-sys/FastChat/blob/main/docs/vicuna_weights_version.md
        opening = VICUNA_SYSTEM if system is None else system
        return " ".join(part for part in (opening, f"USER: {user}", "ASSISTANT:", prefill) if part)
    if conversation == "plain":
        message = "\n\n".join(part for part in (system, user) if part)
        return f"{message}\n{prefill}" if prefill else message
    messages = [] if system is None else [{"role": "system", "content": system}]
    messages.append({"role": "user", "content": user})
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return str(rendered) + prefill


def chat_tokens(
    tokenizer: PreTrainedTokenizerBase,
    user: str,
    *,
    system: str | None = None,
    prefill: str = "",
    conversation: str = "auto",
) -> tuple[int, ...]:
    """Return the tokens of :func:`chat_text`, with the special tokens that open a text."""
    conversation = _resolved(tokenizer, conversation)
    text = chat_text(tokenizer, user, system=system, prefill=prefill, conversation=conversation)
    return _tokens(tokenizer, text, opens=True, conversation=conversation)


def split_chat_tokens(
    tokenizer: PreTrainedTokenizerBase,
    user: str,
    *,
    system: str | None = None,
    prefill: str = "",
    conversation: str = "auto",
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the tokens before and after :data:`SPLIT_MARK`, which is in ``user`` or ``prefill`` once."""
    conversation = _resolved(tokenizer, conversation)
    text = chat_text(tokenizer, user, system=system, prefill=prefill, conversation=conversation)
    before, after = text.split(SPLIT_MARK)
    return (
        _tokens(tokenizer, before, opens=True, conversation=conversation),
        _tokens(tokenizer, after, opens=False, conversation=conversation),
    )


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
