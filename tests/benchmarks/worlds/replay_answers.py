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
SOFT_PROMPT = {"writers": ["soft prompt"]}
FIXED = {"form": "only the answer"}
"""Options of the generator."""

CROSSED: Method = {
    **HALVING,
    "surrogate": {"name": "structured"},
    "search": {"initial": 24, "batch": 16, "rounds": 8},
    "cells": True,
}
STEPS: Method = {
    "search": {"initial": 24, "batch": 16, "rounds": 17},
    "evaluation": {"policy": "stepwise", "finalists": 4},
}
HBBOPS: Method = {
    "surrogate": {"name": "hbbops"},
    "search": {"initial": 8, "batch": 9, "rounds": 12, "pool": 250},
    "evaluation": {"policy": "hyperband", "first": 2, "reduction": 2.0},
    "splits": {"retest": 0},
}
"""The preset's, on as many examples as worlds have for validation, and with rounds enough for 1,000 calls."""

METHODS: dict[str, Method] = {
    # Before there were coordinates: sentences alone.
    "published": {"surrogate": {"name": "instruction-coupled"}, "search": ROUNDS, **FULL},
    "sentences": HALVING,
    "sentences, one writer": {**HALVING, "writer": SOFT_PROMPT},
    "fixed form": {**HALVING, "writer": FIXED},
    # Bodies completed with coordinates, none of which a model has learned anything about.
    "coordinates": {**HALVING, "cells": True},
    "coordinates, one writer": {**HALVING, "cells": True, "writer": SOFT_PROMPT},
    "hbbops": HBBOPS,
    "hbbops on coordinates": {**HBBOPS, "cells": True},
    # The same, and a model learns across bodies and cells. Each row after the first changes one thing in it.
    "crossed": CROSSED,
    "crossed, one writer": {**CROSSED, "writer": SOFT_PROMPT},
    "crossed, Sobol points": {**CROSSED, "surrogate": {"name": "sobol"}},
    "crossed, uncrossed": {**CROSSED, "surrogate": {"name": "structured", "crossing": 1}},
    "crossed, none new": {**CROSSED, "surrogate": {"name": "structured", "new": 0.0}},
    "crossed, steps": {**CROSSED, **STEPS},
    "crossed, all examples": {**CROSSED, **FULL},
    "crossed, no retest": {**CROSSED, "splits": {"retest": 0}},
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
        f"answers:{world.name}",
        registry=registry,
        db=db,
        preset="uniform-halving",
        seed=seed,
        cache=False,
        settings=settings,
    )
    right = exact_matches(world.name)

    def quality_on(unseen: list[str]) -> Callable[[str], float]:
        examples = [int(number) for number in unseen]
        return lambda instruction: float(right[places(world.name)[instruction]][examples].mean())

    curve = curve_of(result, registry, db, quality_on)
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
