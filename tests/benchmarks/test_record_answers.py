"""A recording goes on where it stopped, and what is complete becomes a world."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import record_answers
from answer_world import read
from record_answers import Recording
from tasks_to_record import PLANS

from izcore.plugin import Prompt

PLAN = dataclasses.replace(PLANS[0], bodies=3, examples=8)


class Echo:
    """Answers with the input, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, prompts: Sequence[Prompt], room: int) -> list[str]:
        """Return the line with the input."""
        self.asked += len(prompts)
        return [prompt.text.split("Input: ")[1].split("\n")[0] for prompt in prompts]


def recording(folder: Path) -> Recording:
    """Return a recording of three bodies that somebody wrote."""
    bodies = [{"text": f"Sentence {n}.", "source": "person", "latent": []} for n in range(3)]
    (folder / PLAN.name).mkdir(exist_ok=True)
    (folder / PLAN.name / "bodies.json").write_text(json.dumps({"parts": 1, "bodies": bodies}))
    return Recording(PLAN, folder, folder)


def test_a_recording_goes_on_and_exports_what_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_answers, "HERE", tmp_path)
    first = recording(tmp_path)
    cells = [dict(cell.choices)["form"] for cell in first.cells]
    assert cells == ["no demand", "only the answer", "one of the labels"]
    first.answer(Echo(), up_to=2)
    (box, again) = (Echo(), recording(tmp_path))
    again.answer(box, up_to=3)
    assert box.asked == len(cells) * PLAN.examples
    again.export()
    world = read(tmp_path / f"{PLAN.name}.world.json.xz")
    assert world.answers.shape == (3, len(cells), PLAN.examples)
    assert [world.texts[text] for text in world.answers[2, 1]] == list(world.inputs)
    assert world.header["role"] == PLAN.role
    assert world.header["echo"]["exact_match"] == 0.0
