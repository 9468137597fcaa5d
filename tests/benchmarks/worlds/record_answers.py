"""Records worlds of answers: bodies by several writers, completed with coordinates, answered by a model.

    python tests/benchmarks/worlds/record_answers.py answers STATE WORLD …     goes on where it stopped
    python tests/benchmarks/worlds/record_answers.py export STATE WORLD …      the file beside this script

STATE is a folder; a new one begins with what the world's file holds. Bodies are recorded in rounds over the
worlds, each with all cells and all examples, so that a recording that is cut short is a smaller world and
not a torn one. Examples of data sets stand in ``--data``; the black box of the worlds is served behind
``--url``, in OpenAI's protocol.
"""

import argparse
import itertools
import json
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from answer_world import HERE, SUFFIX, AnswerWorld, Body, Cell, numbered, read
from black_boxes import Endpoint
from tasks_to_record import DEMONSTRATIONS, PLANS, WorldPlan
from write_bodies import Writers

from izcore.builtins.metrics.normalisation import normalise
from izcore.builtins.options import OutputFormOptions
from izcore.builtins.output_form import OutputForm
from izcore.config.paths import Paths
from izcore.plugin import CoordinateRequest, Example, Guidance, Prompt
from izcore.plugin.target_profile import profile_targets
from izcore.scoring.prompt import DEFAULT_TEMPLATE, render_prompt
from izcore.search.coordinates import with_clauses

BODIES_PER_ROUND = 8


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Record worlds of answers.")
    parser.add_argument("step", choices=("answers", "export"))
    parser.add_argument("state", type=Path)
    parser.add_argument("worlds", nargs="+", choices=[plan.name for plan in PLANS])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--url", default="http://127.0.0.1:8100/v1", help="where the black box answers")
    arguments = parser.parse_args()
    plans = [plan for plan in PLANS if plan.name in arguments.worlds]
    recordings = [Recording(plan, arguments.state, arguments.data) for plan in plans]
    if arguments.step == "export":
        for recording in recordings:
            recording.export()
        return
    black_box = Endpoint(arguments.url)
    rounds = max(plan.bodies for plan in plans) // BODIES_PER_ROUND + 1
    for number, recording in itertools.product(range(1, rounds + 1), recordings):
        up_to = min(number * BODIES_PER_ROUND, recording.plan.bodies)
        recording.write_bodies(black_box, up_to)
        recording.answer(black_box, up_to)


class Recording:
    """One world on its way: what is known stands in the state's folder, a line for each body and cell."""

    def __init__(self, plan: WorldPlan, state: Path, data: Path) -> None:
        self.plan = plan
        examples = [Example(input=given, targets=(wanted,)) for given, wanted in plan.pairs(data)]
        self.demonstrations = tuple(examples[:DEMONSTRATIONS])
        self.examples = tuple(examples[DEMONSTRATIONS:])
        self.cells = cells_of(plan, self.demonstrations, self.examples)
        self._folder = state / plan.name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._writers: Writers | None = None
        self._bodies_file = self._folder / "bodies.json"
        self._known_file = self._folder / "answers.jsonl"
        lines = self._known_file.read_text().splitlines() if self._known_file.exists() else []
        self._known: dict[tuple[int, int], list[str]] = {}
        for body, cell, answers in map(json.loads, lines):
            self._known[body, cell] = answers
        recorded = HERE / f"{plan.name}{SUFFIX}"
        if not self._bodies_file.exists() and recorded.exists():
            self._take_over(read(recorded))

    def _take_over(self, world: AnswerWorld) -> None:
        """Begin a new state with what the world's file holds.

        Raises ValueError where examples or cells have changed since it was recorded.
        """
        if (world.targets, world.cells) != (tuple(e.targets[0] for e in self.examples), self.cells):
            raise ValueError(
                f"{self.plan.name}: its file was recorded with other examples or cells; delete it"
            )
        bodies = [asdict(body) for body in world.bodies]
        self._bodies_file.write_text(json.dumps({"parts": world.header["parts"], "bodies": bodies}, indent=1))
        for place, cell in itertools.product(range(len(world.bodies)), range(len(world.cells))):
            self._keep(place, cell, [world.texts[text] for text in world.answers[place, cell]])

    def _keep(self, body: int, cell: int, answers: list[str]) -> None:
        self._known[body, cell] = answers
        with self._known_file.open("a") as file:
            file.write(json.dumps([body, cell, answers], ensure_ascii=False) + "\n")

    @property
    def bodies(self) -> list[Body]:
        """The bodies that are written, in the order in which they are recorded."""
        return [Body(b["text"], b["source"], tuple(b["latent"])) for b in self._written["bodies"]]

    @property
    def _written(self) -> dict[str, Any]:
        known = self._bodies_file.exists()
        return json.loads(self._bodies_file.read_text()) if known else {"parts": 0, "bodies": []}

    def write_bodies(self, black_box: Endpoint, up_to: int) -> None:
        """Have so many bodies written, or as many as the writers find in a number of parts."""
        writers = self._writers or Writers(self.plan, self.demonstrations, black_box)
        self._writers = writers
        while len(self.bodies) < up_to and (part := self._written["parts"]) < self.plan.bodies // 8:
            found: dict[str, Body] = {}
            for body in (*self.bodies, *writers.part(part)):
                found.setdefault(body.text, body)
            bodies = [vars(body) for body in found.values() if body.text.strip()]
            self._bodies_file.write_text(json.dumps({"parts": part + 1, "bodies": bodies}, indent=1))

    def answer(self, black_box: Endpoint, up_to: int) -> None:
        """Have the first bodies answered with all cells."""
        for place, body in enumerate(self.bodies[:up_to]):
            cells = [at for at in range(len(self.cells)) if (place, at) not in self._known]
            if not cells:
                continue
            started = time.monotonic()
            prompts = [
                prompt_of(body.text, self.cells[at], self.demonstrations, example)
                for at, example in itertools.product(cells, self.examples)
            ]
            answers = black_box.answer(prompts, self.plan.room)
            right, size = [], len(self.examples)
            for number, at in enumerate(cells):
                of_cell = answers[number * size : (number + 1) * size]
                self._keep(place, at, of_cell)
                pairs = zip(
                    normalise_all(of_cell), normalise_all([e.targets[0] for e in self.examples]), strict=True
                )
                right.append(sum(a == b for a, b in pairs))
            print(
                f"{time.strftime('%H:%M:%S')} {self.plan.name} {place}/{self.plan.bodies}: {right} of "
                f"{size}, {time.monotonic() - started:.0f} s, {body.text[:60]!r}",
                flush=True,
            )

    def export(self) -> None:
        """Write what is complete to the world's file."""
        bodies = self.bodies[: self.plan.bodies]
        cells = range(len(self.cells))
        complete = [
            place for place in range(len(bodies)) if all((place, cell) in self._known for cell in cells)
        ]
        texts, answers = numbered([[self._known[place, cell] for cell in cells] for place in complete])
        world = AnswerWorld(
            name=self.plan.name,
            header=self._header(),
            inputs=tuple(example.input for example in self.examples) if self.plan.made else (),
            targets=tuple(example.targets[0] for example in self.examples),
            bodies=tuple(bodies[place] for place in complete),
            cells=self.cells,
            texts=texts,
            answers=answers,
        )
        path = world.save(HERE)
        print(f"{path.name}: {len(complete)} of {len(bodies)} bodies, {path.stat().st_size / 1000:.0f} kB")

    def _header(self) -> dict[str, Any]:
        known = (
            normalise_all([e.input for e in self.examples]),
            normalise_all([e.targets[0] for e in self.examples]),
        )
        return {
            "role": self.plan.role,
            "task": self.plan.task,
            "black_box": self.plan.black_box,
            "black_box_settings": BLACK_BOXES[self.plan.black_box],
            "room": self.plan.room,
            "stop": "\n",
            "prompt_template": DEFAULT_TEMPLATE,
            "bodies_planned": self.plan.bodies,
            "parts": self._written["parts"],
            "echo": {
                "exact_match": sum(a == b for a, b in zip(*known, strict=True)) / len(self.examples),
                "contains": sum(b in a for a, b in zip(*known, strict=True)) / len(self.examples),
            },
            "versions": {d: version(d) for d in ("izcore", "izcore-transformers")},
            "command": f"python tests/benchmarks/worlds/record_answers.py answers STATE {self.plan.name}",
        }


BLACK_BOXES = {
    "qwen": "Qwen2.5-Coder-0.5B-Instruct, its Q4_K_M GGUF in bfloat16, by vLLM 0.32.0, greedily",
    "embedded": "SmolLM2-135M-Instruct, its GGUF in bfloat16, by vLLM 0.32.0, greedily",
}


def normalise_all(texts: list[str]) -> list[str]:
    """Return texts as the metrics compare them."""
    return [normalise(text, "standard", False) for text in texts]


def cells_of(
    plan: WorldPlan, demonstrations: tuple[Example, ...], examples: tuple[Example, ...]
) -> tuple[Cell, ...]:
    """Return the cells of a world: forms that fit the targets, crossed with exemplars and placements."""
    request = CoordinateRequest(
        profile=profile_targets((*demonstrations, *examples[:20])), demonstrations=demonstrations, seed=0
    )
    context = Paths.of_this_user().context(0)
    forms = OutputForm(OutputFormOptions(), context).values(request).values
    cells = []
    for exemplars, placement, form in itertools.product(plan.exemplars, plan.placements, forms):
        choices = [("form", form.name)]
        if len(plan.exemplars) > 1:
            choices.append(("exemplars", f"{exemplars} shown" if exemplars else "none"))
        if len(plan.placements) > 1:
            choices.append(("placement", placement))
        cells.append(Cell(tuple(choices), form.clause))
    return tuple(cells)


def prompt_of(body: str, cell: Cell, demonstrations: tuple[Example, ...], example: Example) -> Prompt:
    """Return what the black box is asked for a body, a cell and an example."""
    chosen = dict(cell.choices)
    shown = int(chosen.get("exemplars", "none").replace("none", "0").split()[0])
    instruction = with_clauses(body, [cell.clause])
    guidance = Guidance(instruction=instruction, exemplars=demonstrations[:shown])
    if chosen.get("placement") == "system":
        alone = Guidance(instruction="", exemplars=guidance.exemplars)
        return Prompt(text=render_prompt(DEFAULT_TEMPLATE, alone, example), system=instruction)
    return Prompt(text=render_prompt(DEFAULT_TEMPLATE, guidance, example))


if __name__ == "__main__":
    main()
