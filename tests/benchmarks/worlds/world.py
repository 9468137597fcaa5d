"""Recorded and made-up landscapes: which instruction each latent writes, and which examples it solves."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent


@dataclass(frozen=True)
class World:
    """``latents`` [n, d] in [0, 1]; ``instruction`` [n], an index into ``instructions``.

    ``scores`` [instructions, examples] in [0, 1]; ``features`` [n, f], the generator's hidden states after
    each latent, projected. ``header`` says how it was recorded.
    """

    name: str
    latents: NDArray[np.float32]
    instruction: NDArray[np.int64]
    instructions: tuple[str, ...]
    scores: NDArray[np.float64]
    features: NDArray[np.float32]
    header: dict[str, Any]

    @property
    def examples(self) -> int:
        """Number of examples that every instruction was scored on."""
        return int(self.scores.shape[1])


def recorded() -> list[str]:
    """Return the names of the recorded worlds."""
    return sorted(path.stem for path in HERE.glob("*.npz"))


@cache
def load(name: str) -> World:
    """Read a recorded world, or make a synthetic one."""
    if name.startswith("synthetic"):
        return synthetic(name)
    with np.load(HERE / f"{name}.npz") as file:
        header = json.loads(str(file["header"]))
        return World(
            name=name,
            latents=file["latents"],
            instruction=file["instruction"].astype(np.int64),
            instructions=tuple(header["instructions"]),
            scores=np.hstack([file["validation"], file["test"]]) / 255,
            features=file["features"].astype(np.float32),
            header=header,
        )


SYNTHETIC = {"synthetic-smooth": 0.25, "synthetic-rough": 0.08}
"""Length scale of the made-up landscapes, in units of the latent cube."""


def synthetic(name: str, *, latents: int = 416, instructions: int = 200, examples: int = 100) -> World:
    """Make a world whose best instruction and whose noise are known.

    A latent writes the instruction whose anchor is nearest. An instruction solves an example with a
    probability that is a sum of bumps of known width over its anchor; the highest bump is 0.9. Each example
    is drawn once, so the noise is binomial.
    """
    rng = np.random.default_rng(7)
    dim, scale = 10, SYNTHETIC[name]
    anchors, points = rng.random((instructions, dim)), rng.random((latents, dim))
    nearest = ((points[:, None] - anchors[None]) ** 2).sum(-1).argmin(1)
    centres, heights = anchors[:8], np.linspace(0.9, 0.3, 8)
    distance = ((anchors[:, None] - centres[None]) ** 2).mean(-1)
    chance = 0.05 + ((heights - 0.05) * np.exp(-distance / (2 * scale**2))).max(1)
    scores = (rng.random((instructions, examples)) < chance[:, None]).astype(np.float64)
    used, index = np.unique(nearest, return_inverse=True)
    return World(
        name=name,
        latents=points.astype(np.float32),
        instruction=index.astype(np.int64),
        instructions=tuple(f"Instruction {number}." for number in used),
        scores=scores[used],
        features=points.astype(np.float32),
        header={"chance": [float(value) for value in chance[used]]},
    )
