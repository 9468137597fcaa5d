"""What the model is asked, so that it answers with an instruction."""

import random
from collections.abc import Sequence

import msgspec

from izcore.plugin import ConfigError, Example, Record, derive_seed, nearest_names
from izcore_transformers.models.chat import SPLIT_MARK

DEMONSTRATIONS = "{demonstrations}"


class MetaPrompt(Record):
    """A user message with ``{demonstrations}`` in it, and how the answer may begin."""

    user: str
    prefill: str = ""


META_PROMPTS = {
    "task": MetaPrompt(
        user="Here are examples of a task:\n\n{demonstrations}\n\nTell me in one sentence what the task is.",
        prefill="The task is to",
    ),
    "published": MetaPrompt(
        # The published code's text, to the line break at its head.
        user="\n{demonstrations}\n\nThe instruction was to?",
        prefill="The instruction was to",
    ),
    "ape": MetaPrompt(
        user="I gave a friend an instruction. Based on the instruction they produced the following "
        "input-output pairs:\n\n{demonstrations}\n\nWhat was the instruction?",
        prefill="The instruction was to",
    ),
}


def find_meta_prompt(name_or_text: str) -> MetaPrompt:
    """Return the template of that name, or one made of the user's own text.

    Raises :class:`ConfigError` for a text without ``{demonstrations}``.
    """
    if name_or_text in META_PROMPTS:
        return META_PROMPTS[name_or_text]
    if DEMONSTRATIONS not in name_or_text:
        raise ConfigError(
            f"The option meta_prompt is neither a known template nor a text with {DEMONSTRATIONS}: "
            f"{name_or_text!r}.",
            hint=nearest_names(name_or_text, META_PROMPTS),
        )
    return MetaPrompt(user=name_or_text)


def draw_targets(demonstrations: Sequence[Example], seed: int) -> tuple[Example, ...]:
    """Return the demonstrations, each with one of its acceptable targets, drawn at random from ``seed``."""
    draw = random.Random(derive_seed(seed, "targets of demonstrations"))
    return tuple(
        msgspec.structs.replace(example, targets=(draw.choice(example.targets),))
        for example in demonstrations
    )


def user_message(meta_prompt: MetaPrompt, demonstrations: Sequence[Example]) -> str:
    """Return the user message; it ends in :data:`~izcore_transformers.models.chat.SPLIT_MARK`.

    Of several acceptable targets the first is shown.
    """
    shown = "\n\n".join(
        f"Input: {example.full_input}\nOutput: {example.targets[0]}" for example in demonstrations
    )
    # Data may hold anything, the mark and the placeholder included; so the template is cut up first.
    parts = (meta_prompt.user.replace(SPLIT_MARK, "")).split(DEMONSTRATIONS)
    return shown.replace(SPLIT_MARK, "").join(parts) + SPLIT_MARK
