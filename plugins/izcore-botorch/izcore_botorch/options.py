"""What a user can set on the surrogates; read by ``iz plugins show``, so nothing heavy is imported."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options

AcquisitionName = Literal["ei", "log_ei", "nei", "thompson"]
Acquisition = Annotated[
    AcquisitionName,
    Meta(
        description="What is maximised: ei, expected improvement; log_ei, its logarithm, which still has a "
        "slope where expected improvement is zero to the last bit; nei, the logarithm of noisy expected "
        "improvement, which does not take the best score for the truth; thompson, a random draw of the "
        "model, a new one for each suggestion (optimizer pool only)"
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
TrustRegion = Annotated[
    bool,
    Meta(
        description="Look only in a box around the best trial, which grows after rounds that found something "
        "better and shrinks after rounds that did not (TuRBO)"
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
    trust_region: TrustRegion = False
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


On = Literal["latents", "features", "text"]
Representation = Annotated[
    On,
    Meta(
        description="What candidates are compared by: latents; features, the generator's hidden states (set "
        "generator.features); text, the words of the instructions (TF-IDF of pieces of 2 to 4 characters)"
    ),
]
Dimensions = Annotated[
    int,
    Meta(ge=1, le=512, description="Principal components that features and text are reduced to"),
]


class StructuredOptions(Options):
    """Options of ``structured``."""

    on: Representation = "text"
    crossing: Annotated[
        int,
        Meta(
            ge=1,
            le=128,
            description="Cells (a choice of each coordinate) that each new sentence of the "
            "initial design meets",
        ),
    ] = 3
    new: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of each batch after the initial design that is new sentences at "
            "least; the others are whatever the model expects most of",
        ),
    ] = 0.5
    exploration: Annotated[
        float,
        Meta(
            ge=0,
            le=2,
            description="How far draws of the model lie from its mean: 1 as the model believes (Thompson "
            "sampling), 0 for what looks best",
        ),
    ] = 0.5
    max_trials: Annotated[
        int,
        Meta(
            ge=10,
            le=5000,
            description="Trials that the model sees at most, as its cost grows with the "
            "cube of this number: those that saw the most examples, of equals the latest",
        ),
    ] = 1000


class PoolOptions(Options):
    """Options that all surrogates share which choose from a pool alone."""

    on: Representation = "features"
    dimensions: Dimensions = 32
    max_trials: MaxTrials = 400


class PoolProcessOptions(PoolOptions):
    """Options of ``pool-gp``."""

    on: Representation = "text"
    acquisition: Acquisition = "log_ei"
    noise: Noise = "told"
    batch: Batch = "greedy"


Width = Annotated[int, Meta(ge=1, le=1024, description="Units of the hidden layer")]
Steps = Annotated[int, Meta(ge=1, le=10_000, description="Steps of Adam for each suggestion")]
LearningRate = Annotated[float, Meta(gt=0, le=1, description="Of Adam")]
Exploration = Annotated[float, Meta(ge=0, le=100, description="ν: weight of the variance")]


class InstinctOptions(PoolOptions):
    """Options of ``instinct``; the defaults are the published settings (arXiv 2310.02905)."""

    dimensions: Dimensions = 64
    width: Width = 100
    steps: Steps = 1000
    learning_rate: LearningRate = 1e-3
    regularisation: Annotated[
        float,
        Meta(gt=0, le=100, description="λ: weight decay, times the number of trials, and prior precision"),
    ] = 0.1
    exploration: Exploration = 1.0


class PrestoOptions(PoolOptions):
    """Options of ``presto``; the defaults are the published settings (arXiv 2510.25808)."""

    dimensions: Dimensions = 64
    width: Width = 100
    steps: Steps = 1000
    learning_rate: LearningRate = 1e-4
    regularisation: Annotated[float, Meta(gt=0, le=100, description="λ: prior precision of the variance")] = (
        0.1
    )
    exploration: Exploration = 1.0
    consistency: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="γ: weight of the penalty on different scores within an untried preimage",
        ),
    ] = 0.1


class HbbopsOptions(PoolOptions):
    """Options of ``hbbops``; the defaults are the published settings (arXiv 2412.07820)."""

    on: Representation = "text"
    dimensions: Dimensions = 64
    encoder: Annotated[
        str,
        Meta(
            description="A text encoder that reads instructions and exemplars, as published, instead of "
            "TF-IDF: folder of a BERT-like model, or its name on the Hugging Face hub if it is in the cache"
        ),
    ] = ""
    steps: Annotated[int, Meta(ge=1, le=10_000, description="Steps of AdamW at most")] = 3000
    patience: Annotated[
        int, Meta(ge=1, le=10_000, description="Steps in a row without a better likelihood that end them")
    ] = 10
    learning_rate: Annotated[float, Meta(gt=0, le=1, description="Of AdamW")] = 1e-2
    least: Annotated[
        int,
        Meta(
            ge=2,
            le=1000,
            description="Trials that must have seen as many examples before the model is fitted to what they "
            "scored on those; the most examples that so many saw are taken",
        ),
    ] = 4
    interleaving: Annotated[
        float, Meta(ge=0, le=1, description="Probability that a suggestion is a random member of the pool")
    ] = 0.1


class ZopoOptions(PoolOptions):
    """Options of ``zopo``; the defaults are the published settings (arXiv 2403.02993)."""

    dimensions: Dimensions = 64
    width: Annotated[int, Meta(ge=1, le=256, description="Units of each hidden layer")] = 32
    depth: Annotated[int, Meta(ge=1, le=4, description="Hidden layers")] = 2
    nearest: Annotated[
        int, Meta(ge=2, le=200, description="Trials near the present point that the gradient is learned from")
    ] = 20
    learning_rate: Annotated[float, Meta(gt=0, le=10, description="Length of a step of Adam")] = 0.01
    tolerance: Annotated[
        int, Meta(ge=0, le=100, description="Steps without improvement before the search returns to the best")
    ] = 2
    uncertainty: Annotated[
        float,
        Meta(
            ge=0, le=1, description="Share of the gradient's variance left unknown that counts as uncertain"
        ),
    ] = 0.5
    patience: Annotated[
        int,
        Meta(ge=1, le=100, description="Uncertain steps in a row before the neighbours are tried instead"),
    ] = 5
    neighbours: Annotated[int, Meta(ge=1, le=100, description="Neighbours that are tried then")] = 10
