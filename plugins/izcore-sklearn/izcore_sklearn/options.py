"""What a user can set on the surrogates; read by ``iz plugins show``, so nothing heavy is imported."""

from typing import Annotated

from izcore.plugin import Meta, Options

Proposals = Annotated[
    int,
    Meta(
        ge=64,
        le=65536,
        description="Sobol points that each suggestion compares, beside points near the best trials",
    ),
]


class GaussianProcessOptions(Options):
    """Options of ``sklearn-gp``."""

    proposals: Proposals = 2048
    restarts: Annotated[
        int, Meta(ge=0, le=20, description="Further random starts of the fit of the length-scales")
    ] = 0
    max_trials: Annotated[
        int,
        Meta(
            ge=10,
            le=2000,
            description="Evaluated trials that the fit sees at most, for its cost grows with their cube: "
            "the best ones, and an even selection of the others",
        ),
    ] = 500


class ForestOptions(Options):
    """Options of ``sklearn-forest``."""

    proposals: Proposals = 4096
    trees: Annotated[int, Meta(ge=10, le=2000, description="Trees in the forest")] = 100
    min_leaf: Annotated[int, Meta(ge=1, le=100, description="Fewest trials in one leaf of a tree")] = 3
    max_trials: Annotated[
        int,
        Meta(
            ge=10,
            le=20000,
            description="Evaluated trials that the forest sees at most: the best ones, "
            "and an even selection of the others",
        ),
    ] = 2000
