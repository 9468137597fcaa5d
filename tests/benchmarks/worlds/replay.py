"""Plays a search against a world: the real loop, surrogates and budget, with what was recorded as answers.

    python tests/benchmarks/worlds/replay.py --worlds demo --methods paper,default --seeds 20

Each seed splits the world's examples anew. The quality reported is that of the instruction that the search
would choose after so many calls, on the examples that it never saw.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
from curves import Curve, curve_of
from recorded_scorer import TEMPLATE, RecordedScorer
from scipy.spatial import cKDTree
from world import SYNTHETIC, World, load, recorded

import izcore
from izcore.plugin import (
    BackendContext,
    BackendRegistration,
    Candidate,
    Example,
    GenerateRequest,
    GenerateResult,
    Generator,
    GeneratorRegistration,
    LoadRequest,
    Meta,
    Metric,
    MetricRegistration,
    MetricRequest,
    MetricResult,
    Options,
    PrepareRequest,
    PrepareResult,
    ScorerRegistration,
    Task,
    TaskData,
    TaskRegistration,
    hookimpl,
)
from izcore.registry.discovery import PluginInfo
from izcore.registry.registry import Registry, discover

VALIDATION = 20
RETEST = 20
TEST = 60
AT_CALLS = (250, 500, 1000, 3000)
Method = dict[str, dict[str, Any]]

ROUNDS = {"initial": 25, "batch": 25, "rounds": 5}
DEFAULT: Method = {
    "surrogate": {"name": "sobol"},
    "search": {"initial": 50, "batch": 50, "rounds": 5},
    "evaluation": {"policy": "halving", "first": 1, "reduction": 2.0, "finalists": 4},
    "splits": {"retest": RETEST},
}
FULL: Method = {"evaluation": {"policy": "full"}, "splits": {"retest": 0}}
_POOL = {"initial": 50, "batch": 25, "rounds": 4, "pool": 400}
_PUBLISHED_POOL = {"initial": 40, "batch": 5, "rounds": 25, "pool": 400}


def _default_but(**changes: dict[str, Any]) -> Method:
    """Return the search of ``uniform-halving`` with some of its settings changed."""
    return {
        key: {**({} if "name" in changes.get(key, {}) else DEFAULT.get(key, {})), **changes.get(key, {})}
        for key in {*DEFAULT, *changes}
    }


METHODS: dict[str, Method] = {
    "paper": {"surrogate": {"name": "instruction-coupled"}, "search": ROUNDS, **FULL},
    "uniform": {"surrogate": {"name": "random"}, "search": {"initial": 150, "rounds": 0}, **FULL},
    # The three columns of the table in docs/method.md.
    "sobol": {"surrogate": {"name": "sobol"}, "search": {"initial": 150, "rounds": 0}, **FULL},
    "halving": {
        "surrogate": {"name": "sobol"},
        "search": {"initial": 150, "rounds": 0},
        "evaluation": {"policy": "halving", "first": 4, "reduction": 3.0},
        "splits": {"retest": 0},
    },
    "halving-300": {
        "surrogate": {"name": "sobol"},
        "search": {"initial": 300, "rounds": 0},
        "evaluation": {"policy": "halving", "first": 1, "reduction": 2.0},
        "splits": {"retest": 0},
    },
    "default": DEFAULT,
    "without retest": _default_but(splits={"retest": 0}),
    "without halving": _default_but(evaluation={"policy": "full"}),
    "racing": _default_but(evaluation={"policy": "racing", "first": 4}),
    "thirds": _default_but(evaluation={"first": 4, "reduction": 3.0}),
    "150 latents": _default_but(search={"initial": 50, "batch": 50, "rounds": 2}),
    "400 latents": _default_but(search={"initial": 50, "batch": 50, "rounds": 7}),
    "one round": _default_but(search={"initial": 300, "batch": 50, "rounds": 0}),
    "completed": _default_but(surrogate={"name": "instruction-coupled-completed"}),
    "nei": _default_but(surrogate={"name": "instruction-coupled-completed", "acquisition": "nei"}),
    "thompson": _default_but(surrogate={"name": "instruction-coupled-completed", "acquisition": "thompson"}),
    "trust region": _default_but(surrogate={"name": "instruction-coupled-completed", "trust_region": True}),
    "pool sobol": _default_but(search=_POOL),
    "pool latents": _default_but(surrogate={"name": "instruction-coupled-completed"}, search=_POOL),
    "pool features": _default_but(surrogate={"name": "pool-gp", "on": "features"}, search=_POOL),
    "pool text": _default_but(surrogate={"name": "pool-gp", "on": "text"}, search=_POOL),
    "pool text nei": _default_but(surrogate={"name": "pool-gp", "acquisition": "nei"}, search=_POOL),
    "pool sobol full": {"surrogate": {"name": "sobol"}, "search": _PUBLISHED_POOL, **FULL},
    "instinct": {"surrogate": {"name": "instinct"}, "search": _PUBLISHED_POOL, **FULL},
    "presto": {"surrogate": {"name": "presto"}, "search": _PUBLISHED_POOL, **FULL},
    "zopo": {"surrogate": {"name": "zopo"}, "search": _PUBLISHED_POOL, **FULL},
    "hbbops": {
        "surrogate": {"name": "hbbops"},
        "search": {"initial": 8, "batch": 9, "rounds": 16, "pool": 400},
        # From two of the worlds' twenty examples, so that there are four brackets as on 80 from ten.
        "evaluation": {"policy": "hyperband", "first": 2, "reduction": 2.0},
        "splits": {"retest": 0},
    },
    "matern": _default_but(surrogate={"name": "matern"}),
    "published kernel": _default_but(surrogate={"name": "instruction-coupled"}),
    "forest": _default_but(surrogate={"name": "sklearn-forest"}),
}


class WorldOptions(Options):
    world: Annotated[str, Meta(description="Name of the world")] = "demo"


class WorldTask(Task):
    """The examples of a world, by number."""

    def __init__(self, options: WorldOptions, context: BackendContext) -> None:
        self._world = load(options.world)

    def load(self, request: LoadRequest) -> TaskData:
        examples = tuple(Example(input=f"{i}", targets=("1",)) for i in range(self._world.examples))
        return TaskData(
            name=self._world.name,
            examples=examples,
            metric="world",
            prompt_template=TEMPLATE,
        )


class WorldGenerator(Generator):
    """Writes what the recorded latent nearest to a latent wrote."""

    def __init__(self, options: WorldOptions, context: BackendContext) -> None:
        self._world = load(options.world)
        self._tree = cKDTree(self._world.latents)

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        return PrepareResult(latent_dim=self._world.latents.shape[1])

    def generate(self, request: GenerateRequest) -> GenerateResult:
        _, nearest = self._tree.query(np.array(request.latents))
        return GenerateResult(
            candidates=tuple(
                Candidate(
                    latent=latent,
                    instruction=self._world.instructions[self._world.instruction[place]],
                    features=tuple(float(x) for x in self._world.features[place]),
                )
                for latent, place in zip(request.latents, nearest, strict=True)
            )
        )

    def write_unsteered(self, request: PrepareRequest) -> Candidate | None:
        return None


class WorldScorer(RecordedScorer):
    """Answers with the score that was recorded."""

    batch_size = VALIDATION

    def __init__(self, options: WorldOptions, context: BackendContext) -> None:
        self._scores = load(options.world)
        self._index = {text: number for number, text in enumerate(self._scores.instructions)}
        self.world = options.world

    def recorded(self, instruction: str, example: int) -> str:
        number = self._index.get(instruction)
        return f"{0.0 if number is None else self._scores.scores[number, example]}"


class WorldMetric(Metric):
    """Reads the score out of the answer."""

    def __init__(self, options: Options, context: BackendContext) -> None:
        pass

    def score(self, request: MetricRequest) -> MetricResult:
        return MetricResult(scores=tuple(float(answer) for answer in request.answers))


R = TypeVar("R", bound=BackendRegistration)


class WorldPlugin:
    """The hooks of the backends above."""

    IZCORE_API = 1

    @hookimpl
    def izcore_tasks(self) -> list[TaskRegistration]:
        return [_backend(TaskRegistration, "WorldTask", "Examples of a world")]

    @hookimpl
    def izcore_generators(self) -> list[GeneratorRegistration]:
        return [_backend(GeneratorRegistration, "WorldGenerator", "Instructions of a world")]

    @hookimpl
    def izcore_scorers(self) -> list[ScorerRegistration]:
        return [_backend(ScorerRegistration, "WorldScorer", "Answers of a world")]

    @hookimpl
    def izcore_metrics(self) -> list[MetricRegistration]:
        return [
            MetricRegistration(
                name="world", summary="Recorded score", factory="replay:WorldMetric", options=Options
            )
        ]


def _backend(kind: type[R], name: str, summary: str) -> R:
    return kind(
        name="world", summary=summary, factory=f"replay:{name}", options=WorldOptions, argument="world"
    )


def registry_with_worlds() -> Registry:
    """Return what is installed, and the worlds."""
    registry = discover()
    registry.add(
        WorldPlugin(), PluginInfo(name="worlds", distribution="worlds", version="0", status="loaded")
    )
    return registry


def replay(registry: Registry, world: World, method: Method, seed: int, folder: Path) -> Curve:
    """Run one search and return what its choices were worth on examples that it did not see.

    The last point is what it chose in the end, after the finalists were compared.
    """
    db = folder / "replay.sqlite"
    sizes = {
        "demonstrations": 1,
        "validation": VALIDATION,
        "test": min(TEST, world.examples - VALIDATION - 1),
    }
    backend = {"name": "world", "world": world.name}
    splits = {**sizes, **method.get("splits", {})}
    # Examples are numbers in a replay, which a sentence may happen to hold.
    search = {**method["search"], "refuse": False}
    settings = {**method, "search": search, "splits": splits, "coordinates": []}
    settings |= {"generator": backend, "scorer": backend}
    result = izcore.optimize(
        f"world:{world.name}",
        registry=registry,
        db=db,
        preset="uniform-halving",
        seed=seed,
        cache=False,
        settings=settings,
    )

    def quality_on(unseen: list[str]) -> Callable[[str], float]:
        return lambda instruction: _unseen_quality(world, instruction, [int(number) for number in unseen])

    curve = curve_of(result, registry, db, quality_on)
    db.unlink()
    return curve


def _unseen_quality(world: World, instruction: str, unseen: Sequence[int]) -> float:
    return float(world.scores[world.instructions.index(instruction), unseen].mean())


def mean_with_margin(values: Sequence[float]) -> str:
    """Return the mean and the half width of its 95% interval (normal)."""
    margin = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return f"{np.mean(values):.3f} ± {margin:.3f}"


def main() -> None:
    """Replay methods on worlds and print quality against calls."""
    parser = argparse.ArgumentParser(description="Replay searches on worlds.")
    parser.add_argument("--worlds", default=",".join([*recorded(), *SYNTHETIC]))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=20)
    arguments = parser.parse_args()
    registry = registry_with_worlds()
    with tempfile.TemporaryDirectory() as name:
        os.environ |= {"IZ_CACHE": name, "IZ_DATA": name, "IZ_CONFIG": name}
        for world in map(load, arguments.worlds.split(",")):
            best = world.scores.mean(1).max()
            print(f"\n{world.name}: {len(world.instructions)} instructions, the best {best:.2f}")
            for method in arguments.methods.split(","):
                curves = [
                    replay(registry, world, METHODS[method], seed, Path(name))
                    for seed in range(arguments.seeds)
                ]
                quality = "  ".join(
                    f"{calls}: {mean_with_margin([curve.at(calls) for curve in curves])}"
                    for calls in AT_CALLS
                )
                spent = np.mean([curve.calls[-1] for curve in curves])
                print(f"  {method:<12} {quality}  ({spent:.0f} calls in all)", flush=True)


if __name__ == "__main__":
    main()
