"""Options of the local black box. Imports nothing heavy."""

from typing import Annotated, Literal

from izcore.plugin import Meta
from izcore_transformers.options import ModelOptions


class ScorerOptions(ModelOptions, frozen=True, kw_only=True):
    """How a local model answers: greedily (temperature 0), unless a prompt has a temperature of its own."""

    max_new_tokens: Annotated[int, Meta(ge=1, le=4096, description="Longest answer, in tokens.")] = 32
    system: (
        Annotated[
            str,
            Meta(description="System message; an empty one empties it, unset leaves the template's own."),
        ]
        | None
    ) = None
    prefill: Annotated[
        str,
        Meta(description="Beginning of the answer, given to the model; it is not part of the answer."),
    ] = ""
    stop: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(
            description="Texts that end an answer, such as a line break; they and what follows are left out. "
            "One before the answer's first word does not count."
        ),
    ] = ()
    conversation: Annotated[
        Literal["auto", "vicuna", "tokenizer", "plain"],
        Meta(
            description="Conversation template: Vicuna's own, the tokenizer's, or none; auto takes the one "
            "that fits the model."
        ),
    ] = "auto"
    batch_size: Annotated[
        int, Meta(ge=1, le=4096, description="Prompts answered at a time; halved if memory runs out.")
    ] = 64
