"""Registers the writing generators and a preset for each; imports nothing heavy."""

from collections.abc import Iterable

from izcore.plugin import GeneratorRegistration, Preset, hookimpl
from izcore_writers.options import TRIES, ApeOptions, EvoPromptOptions, OproOptions, WriterOptions

IZCORE_API = 1


@hookimpl
def izcore_generators() -> Iterable[GeneratorRegistration]:
    """Offer APE, OPRO and EvoPrompt."""
    return [
        _writing(
            "ape", "APE: a model guesses the instruction, then varies the best guesses", "Ape", ApeOptions
        ),
        _writing(
            "opro", "OPRO: a model sees scored instructions and writes better ones", "Opro", OproOptions
        ),
        _writing(
            "evoprompt-ga",
            "EvoPrompt, genetic algorithm: a model crosses and mutates good instructions",
            "EvoPromptGA",
            EvoPromptOptions,
        ),
        _writing(
            "evoprompt-de",
            "EvoPrompt, differential evolution: a model mutates what differs between instructions",
            "EvoPromptDE",
            EvoPromptOptions,
        ),
    ]


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Offer each method with the search that its paper describes; the rest is as in the default preset."""
    return [
        _preset("ape", "APE: 50 proposals, then 3 rounds of 25 variations", initial=50, batch=25, rounds=3),
        _preset("opro", "OPRO: 18 steps of 8 instructions", initial=1, batch=8, rounds=18),
        _preset(
            "evoprompt-ga",
            "EvoPrompt (GA): a population of 10, 10 generations",
            initial=10,
            batch=10,
            rounds=10,
        ),
        _preset(
            "evoprompt-de",
            "EvoPrompt (DE): a population of 10, 10 generations",
            initial=10,
            batch=10,
            rounds=10,
        ),
    ]


def _writing(name: str, summary: str, factory: str, options: type[WriterOptions]) -> GeneratorRegistration:
    return GeneratorRegistration(
        name=name,
        summary=summary,
        factory=f"izcore_writers.generators:{factory}",
        options=options,
        argument="writer",
        models=("writer",),
        most_asks=TRIES,
        uses_latents=False,
        unsteered="",
    )


def _preset(name: str, summary: str, **search: int) -> Preset:
    settings = {
        "generator": {"name": name},
        "surrogate": {"name": "sobol"},
        "search": search,
        # The papers score every instruction on all examples; a writer is shown these scores.
        "evaluation": {"policy": "full"},
        "splits": {"retest": 0},
    }
    return Preset(name=name, summary=summary, settings=settings, extends="default")
