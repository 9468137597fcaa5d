"""Options of the soft-prompt instruction generator. Imports nothing heavy."""

from typing import Annotated, Literal

from izcore.plugin import Meta
from izcore_transformers.options import ModelOptions


class GeneratorOptions(ModelOptions, frozen=True, kw_only=True):
    """How a latent becomes a soft prompt, and a soft prompt an instruction."""

    latent_dim: Annotated[int, Meta(ge=1, le=1000, description="Dimension d of the latent.")] = 10
    soft_tokens: Annotated[
        int, Meta(ge=1, le=100, description="Number of soft-prompt embeddings that a latent becomes.")
    ] = 5
    projection: Annotated[
        Literal["uniform", "normal"],
        Meta(
            description="Entries of the random projection: uniform on [-1, 1] as published, or normal, so "
            "that at scale 1 soft tokens spread like the model's own embeddings."
        ),
    ] = "uniform"
    scale: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="Factor on the projection; unset, a short probe finds it. Published: 1."),
    ] = None
    position: Annotated[
        Literal["first", "after_shared"],
        Meta(
            description="Where the soft prompt stands: first, as published, or after the shared text, "
            "which is then computed once for all candidates."
        ),
    ] = "after_shared"
    meta_prompt: Annotated[
        str,
        Meta(
            min_length=1,
            description="What the model is asked: the name of a template (see README) or a text of your "
            "own with {demonstrations}.",
        ),
    ] = "task"
    exemplars: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Demonstrations in the meta-prompt; unset means all that the run has."),
    ] = None
    system: Annotated[
        str | None,
        Meta(description="System message; an empty one empties it, unset leaves the template's own."),
    ] = None
    prefill: Annotated[
        str | None,
        Meta(
            description="Beginning of the answer, which the model goes on from; unset means the one that "
            "comes with the meta_prompt, or none for Vicuna."
        ),
    ] = None
    conversation: Annotated[
        Literal["auto", "vicuna", "tokenizer", "plain"],
        Meta(
            description="Conversation template: Vicuna's own, the tokenizer's, or none; auto takes the one "
            "that fits the model."
        ),
    ] = "auto"
    max_new_tokens: Annotated[int, Meta(ge=1, le=4096, description="Longest instruction, in tokens.")] = 64
    stop: Annotated[
        Literal["sentence", "line", "end"],
        Meta(
            description="Stop after the first sentence, the first line, or only where the model ends or "
            "max_new_tokens are written."
        ),
    ] = "sentence"
    clean: Annotated[
        bool, Meta(description="Take lead-ins, quotes and unfinished sentences away; raw text is kept.")
    ] = True
    batch_size: Annotated[
        int, Meta(ge=1, le=4096, description="Instructions written at a time; halved if memory runs out.")
    ] = 64
    features: Annotated[
        Literal["none", "last_hidden"],
        Meta(
            description="Numbers kept with each candidate: none, or the last hidden state of the prompt's "
            "last token, for surrogates that use it."
        ),
    ] = "none"
