"""Registers the surrogates and their part of the presets. Imports nothing heavy."""

from collections.abc import Iterable

from izcore.plugin import Backend, Preset, hookimpl
from izcore_botorch.options import CompletedOptions, InstructionCoupledOptions, MaternOptions

IZCORE_API = 1
_INSTALL = "pip install izcore-botorch"


@hookimpl
def izcore_surrogates() -> Iterable[Backend]:
    """Register the three Gaussian-process surrogates."""
    return [
        Backend(
            name="instruction-coupled",
            summary="InstructZero as published: instruction-coupled kernel, expected improvement by CMA-ES",
            factory="izcore_botorch.surrogates:InstructionCoupled",
            options=InstructionCoupledOptions,
            install=_INSTALL,
        ),
        Backend(
            name="instruction-coupled-completed",
            summary="Instruction-coupled kernel that stays uncertain where nothing was tried",
            factory="izcore_botorch.surrogates:InstructionCoupledCompleted",
            options=CompletedOptions,
            install=_INSTALL,
        ),
        Backend(
            name="matern",
            summary="Plain Gaussian process on the latents with a Matern-5/2 kernel",
            factory="izcore_botorch.surrogates:Matern",
            options=MaternOptions,
            install=_INSTALL,
        ),
    ]


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Add the surrogate to the presets."""
    completed = {"surrogate": {"name": "instruction-coupled-completed"}}
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
        Preset(name="default", summary="What measured best", settings=completed),
        Preset(name="quick", summary="The default search, shorter", settings=completed),
    ]
