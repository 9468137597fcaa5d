"""Options that say which language model to load, and how. Imports nothing heavy."""

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
            description="Preset (smollm2-135m, vicuna, vicuna-7b-v1.5, wizardlm …), hub id, local folder "
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
    revision: Annotated[
        str, Meta(description="Branch, tag or commit of a hub model; empty means its main branch.")
    ] = ""
    trust_remote_code: Annotated[
        bool, Meta(description="Run code that a hub model brings with it. Only for models that you trust.")
    ] = False
