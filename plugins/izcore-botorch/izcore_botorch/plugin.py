"""Registers the surrogates and their part of the presets. Imports nothing heavy."""

from collections.abc import Iterable

from izcore.plugin import Preset, SurrogateRegistration, hookimpl
from izcore_botorch.options import (
    CompletedOptions,
    HbbopsOptions,
    InstinctOptions,
    InstructionCoupledOptions,
    MaternOptions,
    PoolProcessOptions,
    PrestoOptions,
    StructuredOptions,
    ZopoOptions,
)

IZCORE_API = 1
_INSTALL = "pip install izcore-botorch"
_LIBRARIES = ("botorch", "gpytorch", "scipy", "torch")


@hookimpl
def izcore_surrogates() -> Iterable[SurrogateRegistration]:
    """Register the surrogates."""
    return [
        SurrogateRegistration(
            name="instruction-coupled",
            summary="InstructZero as published: instruction-coupled kernel, expected improvement by CMA-ES",
            factory="izcore_botorch.surrogates:InstructionCoupled",
            options=InstructionCoupledOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="instruction-coupled-completed",
            summary="Instruction-coupled kernel that stays uncertain where nothing was tried",
            factory="izcore_botorch.surrogates:InstructionCoupledCompleted",
            options=CompletedOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="matern",
            summary="Plain Gaussian process on the latents with a Matern-5/2 kernel",
            factory="izcore_botorch.surrogates:Matern",
            options=MaternOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="structured",
            summary="Gaussian process on sentences and coordinates: what helps one sentence helps others",
            factory="izcore_botorch.structured.surrogate:Structured",
            options=StructuredOptions,
            libraries=(*_LIBRARIES, "scikit-learn"),
            install=_INSTALL,
            reads_latents=False,
        ),
        SurrogateRegistration(
            name="pool-gp",
            summary="Gaussian process on the words or hidden states of instructions written beforehand",
            factory="izcore_botorch.pool:PoolProcess",
            options=PoolProcessOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="instinct",
            summary="INSTINCT: NeuralUCB on the hidden states of instructions written beforehand",
            factory="izcore_botorch.instinct:Instinct",
            options=InstinctOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="presto",
            summary="PRESTO: INSTINCT with scores shared by all latents that write the same instruction",
            factory="izcore_botorch.presto:Presto",
            options=PrestoOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="hbbops",
            summary="HbBoPs: Gaussian process with a deep kernel on the texts of instruction and exemplars",
            factory="izcore_botorch.hbbops:Hbbops",
            options=HbbopsOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
        SurrogateRegistration(
            name="zopo",
            summary="ZOPO: gradient steps from one to the next of instructions written beforehand",
            factory="izcore_botorch.zopo:Zopo",
            options=ZopoOptions,
            libraries=_LIBRARIES,
            install=_INSTALL,
        ),
    ]


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Add the surrogate to the presets."""
    return [
        Preset(
            name="paper",
            summary="The published search",
            settings={
                "surrogate": {
                    "name": "instruction-coupled",
                    "acquisition": "ei",
                    "optimizer": "cmaes",
                    "noise": "inferred",
                    "batch": "independent",
                    "repeats": "ignored",
                }
            },
        ),
        Preset(
            name="structured",
            summary="Sentences crossed with forms of the answer, then what the model expects most of",
            settings={
                "surrogate": {"name": "structured"},
                "coordinates": ["form"],
                "search": {"initial": 24, "batch": 16, "rounds": 17},
                # Which candidate sees more examples is the model's choice, too.
                "evaluation": {"policy": "stepwise"},
            },
            extends="uniform-halving",
        ),
        Preset(
            name="default",
            summary="Sentences crossed with choices, in small rounds",
            settings={
                "surrogate": {"name": "structured"},
                # The model is asked often, and a search that ends early has learned something.
                "search": {"initial": 24, "batch": 16, "rounds": 8},
            },
        ),
        _from_a_pool("instinct", "INSTINCT: NeuralUCB on hidden states, 40 + 125 of a pool of 500"),
        _from_a_pool("presto", "PRESTO: NeuralUCB on preimages, 40 + 125 of a pool of 500"),
        _from_a_pool("zopo", "ZOPO: neural-tangent gradient steps, 40 + 125 of a pool of 500"),
        Preset(
            name="hbbops",
            summary="HbBoPs: deep-kernel Gaussian process in two rounds of Hyperband, of a pool of 250",
            settings={
                "surrogate": {"name": "hbbops"},
                # Two Hyperbands on 80 examples have 44 instructions; no bracket of theirs has more than 8.
                "search": {"initial": 8, "batch": 9, "rounds": 4, "pool": 250},
                "few_shot": {"examples": 5, "sets": 50},
                "evaluation": {"policy": "hyperband", "first": 10, "reduction": 2.0},
                "splits": {"demonstrations": 10, "validation": 80, "retest": 0},
            },
            extends="uniform-halving",
        ),
    ]


def _from_a_pool(name: str, summary: str) -> Preset:
    """The papers ask 165 times, 40 of them to begin with, and score each instruction on all examples."""
    return Preset(
        name=name,
        summary=summary,
        settings={
            "surrogate": {"name": name},
            "generator": {"name": "hf", "features": "last_hidden"},
            "search": {"initial": 40, "batch": 5, "rounds": 25, "pool": 500},
            "evaluation": {"policy": "full"},
            "splits": {"retest": 0},
        },
        extends="uniform-halving",
    )
