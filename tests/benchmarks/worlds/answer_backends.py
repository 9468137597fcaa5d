"""Backends that answer from a recorded world of answers: task, generator, black box and coordinates.

Candidates are bodies completed with coordinates. A latent that asks for a new sentence is given the next body
that this run has not seen, in an order that the run's seed draws for each writer, whatever its numbers are:
which of two writers' sentences are alike is no property of a world, so a search near good latents is neither
rewarded nor punished. Once all bodies are seen, they come again, as from a writer with nothing more to say.
Sentences of people are no writer's; the vague one is where a user starts.
"""

import random
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from answer_world import AnswerWorld, load_answers
from recorded_scorer import TEMPLATE, RecordedScorer

from izcore.plugin import (
    BackendContext,
    Candidate,
    Coordinate,
    CoordinateRegistration,
    CoordinateRequest,
    CoordinateResult,
    CoordinateValue,
    Example,
    GenerateRequest,
    GenerateResult,
    Generator,
    GeneratorRegistration,
    LoadRequest,
    Meta,
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
from izcore.search.coordinates import complete, with_clauses

COORDINATES = ("form", "exemplars", "placement")
PREFIX = "recorded-"
LATENT_DIM = 10
WRITERS = ("soft prompt", "sampled")


class AnswersOptions(Options):
    """Options of all of these backends."""

    world: Annotated[str, Meta(description="Name of the world")] = ""
    writers: Annotated[tuple[str, ...], Meta(description="Whose bodies are written")] = WRITERS
    form: Annotated[str, Meta(description="The form that every written body has; empty for none")] = ""


@cache
def coordinate_values(name: str) -> dict[str, tuple[CoordinateValue, ...]]:
    """Return the choices of a world's coordinates, by the names that a replay gives them.

    What is shown and where the instruction stands was recorded with the answers; in a replay a mark behind
    the body tells it apart.
    """
    world = load_answers(name)
    clauses = {dict(cell.choices)["form"]: cell.clause for cell in world.cells}
    found = {}
    for coordinate in world.coordinates:
        values = world.values(coordinate)
        marks = ("", *(f"[{value}]" for value in values[1:]))
        found[PREFIX + coordinate] = tuple(
            CoordinateValue(name=value, clause=clauses[value] if coordinate == "form" else mark)
            for value, mark in zip(values, marks, strict=True)
        )
    return found


@cache
def places(name: str) -> dict[str, tuple[int, int]]:
    """Return which body and cell of a world each whole instruction is."""
    world, values = load_answers(name), coordinate_values(name)
    found = {}
    for at, cell in enumerate(world.cells):
        chosen = {
            PREFIX + coordinate: next(v for v in values[PREFIX + coordinate] if v.name == value)
            for coordinate, value in cell.choices
        }
        for place, body in enumerate(world.bodies):
            whole = complete(Candidate(latent=(), instruction=body.text), chosen)
            found.setdefault(whole.instruction, (place, at))
    return found


def start_of(world: AnswerWorld, form: str) -> str:
    """Return the vague sentence that a user begins with, in a form."""
    return with_clauses(world.bodies[0].text, [form_clause(world, form)])


def form_clause(world: AnswerWorld, form: str) -> str:
    """Return the clause of a form; empty for none."""
    return next((cell.clause for cell in world.cells if dict(cell.choices)["form"] == form), "")


class AnswersTask(Task):
    """The examples of a world, by number."""

    def __init__(self, options: AnswersOptions, context: BackendContext) -> None:
        self._world = load_answers(options.world)

    def load(self, request: LoadRequest) -> TaskData:
        """Return the examples with their targets."""
        examples = (Example(input=f"{i}", targets=(target,)) for i, target in enumerate(self._world.targets))
        return TaskData(
            name=self._world.name,
            examples=tuple(examples),
            metric="exact_match",
            prompt_template=TEMPLATE,
        )


class AnswersGenerator(Generator):
    """Writes the bodies of the world's writers, in an order that the run's seed draws."""

    def __init__(self, options: AnswersOptions, context: BackendContext) -> None:
        world = load_answers(options.world)
        self._clause = form_clause(world, options.form)
        self._sources = [
            [body.text for body in world.bodies if body.source == writer] for writer in options.writers
        ]
        self._order: list[str] = []

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Draw the order, which a resumed run is given again."""
        seed = int(request.state.get("seed", request.seed))
        queues = [random.Random(seed).sample(source, len(source)) for source in self._sources]
        self._order = []
        while any(queues):
            self._order += [queue.pop() for queue in queues if queue]
        return PrepareResult(latent_dim=LATENT_DIM, state={"seed": seed})

    def generate(self, request: GenerateRequest) -> GenerateResult:
        """Return the next bodies that no trial has."""
        own = {self._whole(text) for text in self._order}
        seen = len({trial.candidate.sentence for trial in request.history} & own)
        bodies = [self._order[(seen + number) % len(self._order)] for number in range(len(request.latents))]
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=self._whole(body))
                for latent, body in zip(request.latents, bodies, strict=True)
            )
        )

    def _whole(self, body: str) -> str:
        return with_clauses(body, [self._clause])


class AnswersScorer(RecordedScorer):
    """Answers as the black box did when the world was recorded."""

    def __init__(self, options: AnswersOptions, context: BackendContext) -> None:
        self._answers = load_answers(options.world)
        self._places = places(options.world)
        self.world, self.batch_size = options.world, len(self._answers.targets)

    def recorded(self, instruction: str, example: int) -> str:
        """Return the recorded text."""
        place = self._places.get(instruction)
        return "" if place is None else self._answers.texts[self._answers.answers[*place, example]]


class RecordedCoordinate(Coordinate):
    """Offers the choices of one of the world's coordinates."""

    coordinate = ""

    def __init__(self, options: AnswersOptions, context: BackendContext) -> None:
        self._values = coordinate_values(options.world)[PREFIX + self.coordinate]

    def values(self, request: CoordinateRequest) -> CoordinateResult:
        """Return the recorded choices."""
        return CoordinateResult(values=self._values)


class RecordedForm(RecordedCoordinate):
    """How the answer shall look."""

    coordinate = "form"


class RecordedExemplars(RecordedCoordinate):
    """Which solved examples are shown."""

    coordinate = "exemplars"


class RecordedPlacement(RecordedCoordinate):
    """Where the instruction stands."""

    coordinate = "placement"


class AnswersPlugin:
    """The hooks of the backends above."""

    IZCORE_API = 1

    @hookimpl
    def izcore_tasks(self) -> Sequence[TaskRegistration]:
        """Register the task."""
        return [TaskRegistration(summary="Examples of a world", factory=_here("AnswersTask"), **_COMMON)]

    @hookimpl
    def izcore_generators(self) -> Sequence[GeneratorRegistration]:
        """Register the generator."""
        factory = _here("AnswersGenerator")
        return [GeneratorRegistration(summary="Bodies of a world", factory=factory, **_COMMON)]

    @hookimpl
    def izcore_scorers(self) -> Sequence[ScorerRegistration]:
        """Register the black box."""
        factory = _here("AnswersScorer")
        return [ScorerRegistration(summary="Answers of a world", factory=factory, **_COMMON)]

    @hookimpl
    def izcore_coordinates(self) -> Sequence[CoordinateRegistration]:
        """Register the coordinates."""
        return [
            CoordinateRegistration(
                summary=f"The world's {name}",
                factory=_here(f"Recorded{name.title()}"),
                **{**_COMMON, "name": PREFIX + name},
            )
            for name in COORDINATES
        ]


_COMMON = {"name": "answers", "options": AnswersOptions, "argument": "world"}


def _here(name: str) -> str:
    return f"answer_backends:{name}"


def registry_with_answers() -> Registry:
    """Return what is installed, and the worlds of answers."""
    registry = discover()
    registry.add(
        AnswersPlugin(), PluginInfo(name="answers", distribution="answers", version="0", status="loaded")
    )
    return registry
