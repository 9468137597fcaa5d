"""A world of answers: bodies completed with coordinates, and what a black box answered to each example.

One file holds one world, ``NAME.world.json.xz``: JSON with a header, compressed. Answers are kept as texts,
each once, so that any metric can be applied later.
"""

import json
import lzma
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from izcore.plugin import Example, Metric, MetricRequest, MetricResult

HERE = Path(__file__).parent
SUFFIX = ".world.json.xz"


@dataclass(frozen=True)
class Body:
    """A sentence and who wrote it: "person", "soft prompt" or "sampled", with its latent where it has one."""

    text: str
    source: str
    latent: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cell:
    """One choice for every coordinate, as pairs of name and value, and the clause behind the body."""

    choices: tuple[tuple[str, str], ...]
    clause: str = ""


@dataclass(frozen=True)
class AnswerWorld:
    """``answers`` [bodies, cells, examples] are indices into ``texts``.

    ``inputs`` are empty where they are not ours to copy. ``header`` tells the role ("tune" or "report"), the
    black box, the prompt template and the command.
    """

    name: str
    header: dict[str, Any]
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    bodies: tuple[Body, ...]
    cells: tuple[Cell, ...]
    texts: tuple[str, ...]
    answers: NDArray[np.int64] = field(repr=False)

    def values(self, coordinate: str) -> tuple[str, ...]:
        """Return the values of a coordinate, plainest first."""
        return tuple(dict.fromkeys(dict(cell.choices)[coordinate] for cell in self.cells))

    @property
    def coordinates(self) -> tuple[str, ...]:
        """Names of the coordinates."""
        return tuple(name for name, _ in self.cells[0].choices)

    @property
    def constant(self) -> float:
        """What the same answer to every example scores at best: the share of the most frequent target."""
        return Counter(self.targets).most_common(1)[0][1] / len(self.targets)

    def save(self, folder: Path) -> Path:
        """Write the world to its file in a folder, and return the file."""
        content = {
            **{name: getattr(self, name) for name in ("name", "header", "inputs", "targets", "texts")},
            "bodies": [asdict(body) for body in self.bodies],
            "cells": [asdict(cell) for cell in self.cells],
            "answers": self.answers.tolist(),
        }
        path = folder / f"{self.name}{SUFFIX}"
        path.write_bytes(lzma.compress(json.dumps(content, ensure_ascii=False).encode(), preset=9))
        return path


def read(path: Path) -> AnswerWorld:
    """Read a world from its file."""
    content = json.loads(lzma.decompress(path.read_bytes()))
    return AnswerWorld(
        name=content["name"],
        header=content["header"],
        inputs=tuple(content["inputs"]),
        targets=tuple(content["targets"]),
        bodies=tuple(Body(b["text"], b["source"], tuple(b["latent"])) for b in content["bodies"]),
        cells=tuple(
            Cell(tuple((name, value) for name, value in c["choices"]), c["clause"]) for c in content["cells"]
        ),
        texts=tuple(content["texts"]),
        answers=np.array(content["answers"]),
    )


@cache
def load_answers(name: str) -> AnswerWorld:
    """Read a recorded world by its name."""
    return read(HERE / f"{name}{SUFFIX}")


def answer_worlds(role: str | None = None) -> list[str]:
    """Return the names of the recorded worlds of a role, or of all."""
    names = sorted(path.name.removesuffix(SUFFIX) for path in HERE.glob(f"*{SUFFIX}"))
    return [name for name in names if role in (None, load_answers(name).header["role"])]


def scores_of(world: AnswerWorld, metric: Metric) -> NDArray[np.float64]:
    """Return what a metric says of every answer, [bodies, cells, examples]."""
    scores = np.zeros(world.answers.shape)
    for number, target in enumerate(world.targets):
        used, where = np.unique(world.answers[:, :, number], return_inverse=True)
        request = MetricRequest(
            answers=tuple(world.texts[text] for text in used),
            examples=(Example(input="", targets=(target,)),) * len(used),
        )
        given = metric.score(request)
        assert isinstance(given, MetricResult)
        scores[:, :, number] = np.array([score or 0.0 for score in given.scores])[where].reshape(
            scores.shape[:2]
        )
    return scores


def numbered(answers: Sequence[Sequence[Sequence[str]]]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the distinct texts of nested answers, and the answers as indices into them."""
    texts = tuple(sorted({text for cells in answers for examples in cells for text in examples}))
    place = {text: index for index, text in enumerate(texts)}
    return texts, np.array([[[place[text] for text in examples] for examples in cells] for cells in answers])
