"""Plays searches against worlds of answers: the real loop, with bodies and answers from the record.

Each seed splits the world's examples anew: half are for validation, a quarter for the retest of finalists,
and the rest, which no choice saw, says how good the chosen candidate is.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from answer_backends import PREFIX, places, start_of
from answer_world import AnswerWorld, load_answers, scores_of
from curves import Curve, curve_of
from numpy.typing import NDArray
from replay import FULL, ROUNDS, Method

import izcore
from izcore.config.paths import Paths
from izcore.registry.registry import Registry, discover

HALVING: Method = {
    "surrogate": {"name": "sobol"},
    "search": {"initial": 50, "batch": 50, "rounds": 5},
    "evaluation": {"policy": "halving", "first": 1, "reduction": 2.0, "finalists": 4},
}
STRUCTURED: Method = {
    **HALVING,
    "surrogate": {"name": "structured"},
    "search": {"initial": 48, "batch": 24, "rounds": 12},
    "cells": True,
}
HBBOPS: Method = {
    "surrogate": {"name": "hbbops"},
    "search": {"initial": 8, "batch": 9, "rounds": 12, "pool": 250},
    "evaluation": {"policy": "hyperband", "first": 2, "reduction": 2.0},
    "splits": {"retest": 0},
}
"""The preset's, on as many examples as worlds have for validation, and with rounds enough for 1,000 calls."""

SOFT_PROMPT = {"writers": ["soft prompt"]}
FIXED = {"form": "only the answer"}
"""Options of the generator."""

METHODS: dict[str, Method] = {
    # Before there were coordinates: sentences alone.
    "published": {
        "surrogate": {"name": "instruction-coupled"},
        "search": ROUNDS,
        "writer": SOFT_PROMPT,
        **FULL,
    },
    "sentences": {**HALVING, "writer": SOFT_PROMPT},
    "sentences of two writers": HALVING,
    "fixed form": {**HALVING, "writer": {**SOFT_PROMPT, **FIXED}},
    "fixed form two writers": {**HALVING, "writer": FIXED},
    # Bodies completed with coordinates, none of which a model has learned anything about.
    "coordinates": {**HALVING, "writer": SOFT_PROMPT, "cells": True},
    "coordinates two writers": {**HALVING, "cells": True},
    "hbbops": {**HBBOPS, "writer": SOFT_PROMPT},
    "hbbops on coordinates": {**HBBOPS, "cells": True},
    # The same, and a model learns across bodies and cells. Each row after the first changes one thing in it.
    "structured": STRUCTURED,
    "structured one writer": {**STRUCTURED, "writer": SOFT_PROMPT},
    "structured as Sobol points": {**STRUCTURED, "surrogate": {"name": "sobol"}},
    "structured uncrossed": {**STRUCTURED, "surrogate": {"name": "structured", "crossing": 1}},
    "structured fully crossed": {**STRUCTURED, "surrogate": {"name": "structured", "crossing": 8}},
    "structured half new": {**STRUCTURED, "surrogate": {"name": "structured", "new": 0.5}},
    "structured none new": {**STRUCTURED, "surrogate": {"name": "structured", "new": 0.0}},
    "structured big rounds": {**STRUCTURED, "search": HALVING["search"]},
    "structured all examples": {**STRUCTURED, **FULL},
    "structured no retest": {**STRUCTURED, "splits": {"retest": 0}},
}


def replay_answers(registry: Registry, world: AnswerWorld, method: Method, seed: int, folder: Path) -> Curve:
    """Run one search and return what its choices were worth on examples that it did not see."""
    db, form = folder / "replay.sqlite", method.get("writer", {}).get("form", "")
    settings: dict[str, Any] = {k: v for k, v in method.items() if k not in ("writer", "cells")}
    backend = {"name": "answers", "world": world.name}
    settings["generator"] = {**backend, **method.get("writer", {})}
    settings["scorer"] = backend
    settings["start"] = [start_of(world, form)]
    # Examples are numbers in a replay, which a sentence may happen to hold.
    settings["search"] = {**method["search"], "refuse": False}
    settings["splits"] = {**sizes_of(world), **method.get("splits", {})}
    offered = world.coordinates if method.get("cells") else ()
    settings["coordinates"] = [f"{PREFIX}{name}:{world.name}" for name in offered]
    result = izcore.optimize(
        f"answers:{world.name}", registry=registry, db=db, seed=seed, cache=False, settings=settings
    )
    right = exact_matches(world.name)

    def quality_on(unseen: list[str]) -> Callable[[str], float]:
        examples = [int(number) for number in unseen]
        return lambda instruction: float(right[places(world.name)[instruction]][examples].mean())

    curve = curve_of(result, db, quality_on, streaming=method["evaluation"]["policy"] == "full")
    db.unlink()
    return curve


@cache
def exact_matches(name: str) -> NDArray[np.float64]:
    """Return which answers of a world are their targets, as the metric of a run has it."""
    registry = discover()
    metric = registry.build(
        "metric", registry.choose("metric", "exact_match", {}), Paths.of_this_user().context(0)
    )
    return scores_of(load_answers(name), metric)


def sizes_of(world: AnswerWorld) -> dict[str, int]:
    """Return the sizes of the splits; a demonstration, which a run must have, is never shown."""
    examples = len(world.targets)
    sizes = {"demonstrations": 1, "validation": examples // 2, "retest": examples // 4}
    return {**sizes, "test": examples - sum(sizes.values())}
