"""What a user can set on the surrogates; read by ``iz plugins show``, so nothing heavy is imported."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options

Acquisition = Annotated[
    Literal["ei", "log_ei"],
    Meta(
        description="What is maximised: ei, expected improvement; log_ei, its logarithm, which still has a "
        "slope where expected improvement is zero to the last bit"
    ),
]
Optimizer = Annotated[
    Literal["pool", "cmaes", "gradient"],
    Meta(
        description="How it is maximised: pool, the best of many Sobol points and of points near the best "
        "trials; gradient, climbing from the best of those; cmaes, CMA-ES from the best trials, as published"
    ),
]
Noise = Annotated[
    Literal["told", "inferred"],
    Meta(
        description="told: the model is given the sampling variance of a mean over m examples; "
        "inferred: it guesses one variance for all trials, as published"
    ),
]
Batch = Annotated[
    Literal["greedy", "independent"],
    Meta(
        description="greedy: each suggestion of a batch counts as tried when the next is chosen (kriging "
        "believer); independent: each is chosen as if it were alone, as published"
    ),
]
Repeats = Annotated[
    Literal["avoided", "ignored"],
    Meta(
        description="avoided: improvement is weighted with the probability that a latent writes an "
        "instruction that no trial has written; ignored: as published"
    ),
]
Proposals = Annotated[
    int,
    Meta(
        ge=64,
        le=65536,
        description="Latents that each suggestion compares (pool, gradient): one half Sobol points, one half "
        "near the best trials",
    ),
]
MaxTrials = Annotated[
    int,
    Meta(
        ge=10,
        le=5000,
        description="Trials that the model sees at most, as its cost grows with the cube of this number: the "
        "best half, and the most recent of the others",
    ),
]


class SearchOptions(Options):
    """Options that all surrogates of this package share."""

    acquisition: Acquisition = "log_ei"
    optimizer: Optimizer = "pool"
    noise: Noise = "told"
    batch: Batch = "greedy"
    repeats: Repeats = "avoided"
    proposals: Proposals = 2048
    max_trials: MaxTrials = 400


class InstructionCoupledOptions(SearchOptions):
    """Options of ``instruction-coupled``; the defaults are the published algorithm."""

    acquisition: Acquisition = "ei"
    optimizer: Optimizer = "cmaes"
    noise: Noise = "inferred"
    batch: Batch = "independent"
    repeats: Repeats = "ignored"


class CompletedOptions(SearchOptions):
    """Options of ``instruction-coupled-completed``."""


class MaternOptions(SearchOptions):
    """Options of ``matern``."""
