"""Registers the writing generators and a preset for each; imports nothing heavy."""

from collections.abc import Iterable

from izcore.plugin import EvaluationPolicyRegistration, GeneratorRegistration, Preset, hookimpl
from izcore_writers.options import (
    TRIES,
    ApeOptions,
    EvoPromptOptions,
    GepaOptions,
    MinibatchOptions,
    OproOptions,
    PortfolioOptions,
    ReElicitOptions,
    WriterOptions,
)

IZCORE_API = 1

REELICIT_ASKS = 40
"""For an instruction of ReElicit's published search: 10 times it is written and placed, and its share of a
round's 5 sets of features, on which 30 instructions are placed, thrice where answers cannot be read."""


@hookimpl
def izcore_generators() -> Iterable[GeneratorRegistration]:
    """Offer APE, OPRO, EvoPrompt, GEPA and ReElicit, and a portfolio of any generators."""
    return [
        _writing(
            "ape",
            "APE: a model guesses the instruction, then varies the best guesses",
            "Ape",
            ApeOptions,
            stands_in=True,
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
        _writing(
            "gepa",
            "GEPA: a model sees what an instruction got wrong, in content and form, and writes a better one",
            "Gepa",
            GepaOptions,
            module="gepa",
        ),
        GeneratorRegistration(
            name="reelicit",
            summary="ReElicit: a model names features of instructions, and writes to points among them",
            factory="izcore_writers.reelicit:ReElicit",
            options=ReElicitOptions,
            argument="writer",
            models=("writer",),
            most_asks=REELICIT_ASKS,
            unsteered="",
        ),
        GeneratorRegistration(
            name="portfolio",
            summary="Several generators share the instructions of each round, such as portfolio:ape,gepa",
            factory="izcore_writers.portfolio:Portfolio",
            options=PortfolioOptions,
            argument="writers",
            generators="writers",
            unsteered="",
        ),
    ]


@hookimpl
def izcore_evaluation_policies() -> Iterable[EvaluationPolicyRegistration]:
    """Try what is written on a few examples first, as GEPA does."""
    return [
        EvaluationPolicyRegistration(
            name="minibatch",
            summary="A few examples first; all only for what is no worse there than the best so far",
            factory="izcore_writers.minibatch:Minibatch",
            options=MinibatchOptions,
        )
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
        Preset(
            name="gepa",
            summary="GEPA: one instruction, then 144 reflections, each on 3 answers of a parent",
            settings={
                "generator": {"name": "gepa"},
                "surrogate": {"name": "sobol"},
                "search": {"initial": 1, "batch": 1, "rounds": 144},
                "evaluation": {"policy": "minibatch"},
            },
            extends="uniform-halving",
        ),
        Preset(
            name="reelicit",
            summary="ReElicit: 5 proposals, then 5 rounds of 5 that a Gaussian process on features aims at",
            settings={
                "generator": {"name": "reelicit"},
                # BoTorch's noisy expected improvement of a process that infers its noise, from 512 starts.
                "surrogate": {
                    "name": "matern",
                    "acquisition": "nei",
                    "optimizer": "gradient",
                    "noise": "inferred",
                    "repeats": "ignored",
                    "proposals": 512,
                },
                "search": {"initial": 5, "batch": 5, "rounds": 5},
                "evaluation": {"policy": "full"},
                "splits": {"retest": 0},
            },
            extends="uniform-halving",
        ),
    ]


def _writing(
    name: str,
    summary: str,
    factory: str,
    options: type[WriterOptions],
    *,
    module: str = "generators",
    stands_in: bool = False,
) -> GeneratorRegistration:
    return GeneratorRegistration(
        name=name,
        summary=summary,
        factory=f"izcore_writers.{module}:{factory}",
        options=options,
        argument="writer",
        models=("writer",),
        most_asks=TRIES,
        uses_latents=False,
        unsteered="",
        stands_in=stands_in,
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
    return Preset(name=name, summary=summary, settings=settings, extends="uniform-halving")
