"""Registers the core's own backends and its part of the presets."""

from collections.abc import Iterable

from izcore.builtins.metrics import METRICS
from izcore.builtins.options import PoolOptions
from izcore.plugin import Backend, Preset, hookimpl

IZCORE_API = 1


@hookimpl
def izcore_generators() -> Iterable[Backend]:
    """Offer instructions from a text file."""
    return [
        Backend(
            name="pool",
            summary="Instructions that a person wrote, one per line of a text file",
            factory="izcore.builtins.pool:PoolGenerator",
            options=PoolOptions,
            argument="file",
        )
    ]


@hookimpl
def izcore_surrogates() -> Iterable[Backend]:
    """Search without a model of the landscape."""
    return [
        Backend(
            name="sobol",
            summary="A scrambled Sobol sequence: even coverage, learns nothing",
            factory="izcore.builtins.uninformed:SobolSurrogate",
        ),
        Backend(
            name="random",
            summary="Uniform random latents: the plainest baseline",
            factory="izcore.builtins.uninformed:RandomSurrogate",
        ),
    ]


@hookimpl
def izcore_metrics() -> Iterable[Backend]:
    """Compare answers with targets."""
    return METRICS


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Sizes of splits and search; which backends to use is for plugins to say."""
    return [
        Preset(
            name="default",
            summary="150 latents, 20 validation examples",
            settings={
                "surrogate": {"name": "sobol"},
                "splits": {"demonstrations": 5, "validation": 20, "test": 100},
                "search": {"initial": 25, "batch": 25, "rounds": 5},
            },
        ),
        Preset(
            name="quick",
            summary="48 latents, 20 validation examples: a first look within minutes",
            settings={
                "surrogate": {"name": "sobol"},
                "splits": {"demonstrations": 5, "validation": 20, "test": 60},
                "search": {"initial": 24, "batch": 12, "rounds": 2},
            },
        ),
        Preset(
            name="random",
            summary="The default without a surrogate: uniform latents, the paper's baseline",
            settings={"surrogate": {"name": "random"}},
            extends="default",
        ),
        Preset(
            name="paper",
            summary="The published algorithm with its published settings",
            settings={
                "surrogate": {"name": "sobol"},
                "splits": {"demonstrations": 5, "validation": 20, "test": 100},
                "search": {"initial": 25, "batch": 25, "rounds": 5},
            },
        ),
    ]
