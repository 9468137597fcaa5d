"""The options of both backends: which model, how it writes, how it answers. Imports nothing heavy."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options


class ModelOptions(Options, frozen=True, kw_only=True):
    """A causal language model and the way it is held in memory.

    Generator and scorer extend these options; two backends with the same values share one model.
    """

    model: Annotated[
        str,
        Meta(
            min_length=1,
            description="Preset (smollm2-135m, vicuna, wizardlm-13b-v1.1 …), hub id, local folder "
            "with safetensors weights, or GGUF file.",
        ),
    ] = "smollm2-135m"
    device: Annotated[
        Literal["auto", "cuda", "mps", "cpu"],
        Meta(description="Where the model runs; auto takes cuda, then mps, then cpu."),
    ] = "auto"
    dtype: Annotated[
        Literal["auto", "float32", "float16", "bfloat16"],
        Meta(description="Number format of the weights; auto is float32 on cpu, elsewhere the stored one."),
    ] = "auto"
    device_map: Annotated[
        str,
        Meta(description="accelerate's device map (auto, balanced …) to spread a model over several GPUs."),
    ] = ""
    quantization: Annotated[
        Literal["none", "8bit", "4bit"],
        Meta(
            description="Load the weights quantized by bitsandbytes (extra: izcore-transformers[quantized])."
        ),
    ] = "none"
    engine: Annotated[
        Literal["batched", "plain"],
        Meta(
            description="How texts are written: batched, many at a time and on a cpu by quicker layers; or "
            "plain, by generate of transformers, one at a time: the reference, which writes the same texts."
        ),
    ] = "batched"
    cpu_layers: Annotated[
        Literal["auto", "float32", "bfloat16"],
        Meta(
            description="In what the linear layers of a float32 model compute on a cpu: float32; bfloat16, "
            "which is quicker where the processor has AMX or AVX512-BF16; or auto, which is float32, but for "
            "a generator bfloat16 on such a processor if a test on the run's own prompt finds it as good."
        ),
    ] = "auto"
    revision: Annotated[
        str, Meta(description="Branch, tag or commit of a hub model; empty means its main branch.")
    ] = ""
    trust_remote_code: Annotated[
        bool, Meta(description="Run code that a hub model brings with it. Only for models that you trust.")
    ] = False


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
    temperature: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            description="Draw instructions at this temperature, from a seed of each latent's own, instead of "
            "taking the likeliest words (0).",
        ),
    ] = 0.0
    sentence_seeds: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="Let soft prompts begin from the embeddings of one of so many of the best "
            "instructions so far, plus the latent's offset; 0 begins from nothing.",
        ),
    ] = 0
    sentence_offset: Annotated[
        float,
        Meta(gt=0, description="Size of that offset, in sizes of the model's own embeddings."),
    ] = 1.0
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
    targets: Annotated[
        Literal["first", "drawn"],
        Meta(
            description="Which of a demonstration's targets the meta-prompt shows: the first, or one "
            "drawn by the run's seed, as published."
        ),
    ] = "first"
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
