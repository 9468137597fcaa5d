"""Worlds of answers are sound, and a replay on one tells what was recorded."""

from pathlib import Path

import answer_world
import numpy as np
import pytest
import record_answers
from answer_backends import places, registry_with_answers
from answer_world import SUFFIX, AnswerWorld, Body, Cell, answer_worlds, load_answers, numbered, read
from bench_search import interval_of_mean
from record_answers import Recording
from replay_answers import METHODS, exact_matches, replay_answers
from tasks_made import MADE, made_examples
from tasks_to_record import PEOPLE, PLANS

from izcore.registry.registry import Registry

FORMS = {"no demand": "", "only the answer": "Write only the answer."}
SHORT = {"search": {"initial": 6, "rounds": 0}}


@pytest.fixture(scope="module")
def registry() -> Registry:
    """What is installed, and the backends that answer from a record."""
    return registry_with_answers()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AnswerWorld:
    """The form decides: without it all answers are wrong, with it later bodies are better."""
    cells = tuple(Cell((("form", form),), clause) for form, clause in FORMS.items())
    bodies = tuple(Body(f"Sentence {n}.", "soft prompt" if n else "person") for n in range(8))
    texts, answers = numbered(
        [
            [["I think so"] * 16, ["Yes." if example < 2 * place + 2 else "no" for example in range(16)]]
            for place in range(len(bodies))
        ]
    )
    name = tmp_path.name
    header = {"role": "tune", "echo": {"exact_match": 0.0, "contains": 0.0}}
    made = AnswerWorld(name, header, (), ("yes",) * 16, bodies, cells, texts, answers)
    monkeypatch.setattr(answer_world, "HERE", tmp_path)
    made.save(tmp_path)
    return load_answers(name)


def test_a_world_is_read_as_it_was_written(world: AnswerWorld) -> None:
    assert answer_worlds("tune") == [world.name]
    assert answer_worlds("report") == []
    assert world.values("form") == tuple(FORMS)
    assert world.constant == 1.0
    assert exact_matches(world.name).mean(2).tolist() == [[0.0, (place + 1) / 8] for place in range(8)]


def test_each_instruction_is_a_body_and_a_cell(world: AnswerWorld) -> None:
    found = places(world.name)
    assert found["Sentence 3."] == (3, 0)
    assert found["Sentence 3. Write only the answer."] == (3, 1)
    assert len(found) == 16


def test_a_replay_finds_what_was_recorded_and_is_deterministic(
    registry: Registry, world: AnswerWorld, tmp_path: Path
) -> None:
    method = METHODS["fixed form"]
    method = {**method, "search": {**method["search"], **SHORT["search"]}}
    curve = replay_answers(registry, world, method, 1, tmp_path)
    assert curve == replay_answers(registry, world, method, 1, tmp_path)
    assert curve.quality[-1] >= 0.5
    without = {**METHODS["sentences"], **SHORT}
    assert set(replay_answers(registry, world, without, 1, tmp_path).quality) == {0.0}


def test_coordinates_cross_the_users_sentence_with_all_forms(
    registry: Registry, world: AnswerWorld, tmp_path: Path
) -> None:
    curve = replay_answers(registry, world, {**METHODS["coordinates"], **SHORT}, 0, tmp_path)
    assert curve.calls[-1] > 0
    assert curve.quality[-1] > 0


def test_an_interval_narrows_with_agreement() -> None:
    assert interval_of_mean([np.full(20, 0.3), np.full(20, 0.1)]) == pytest.approx((0.2, 0.2))
    low, high = interval_of_mean([np.array([0.0, 1.0] * 10)])
    assert low < 0.5 < high


def test_a_new_state_goes_on_from_the_worlds_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = next(plan for plan in PLANS if plan.name == "qwen-products")
    world = load_answers(plan.name)
    Recording(plan, tmp_path / "state", tmp_path)
    again = Recording(plan, tmp_path / "state", tmp_path)
    assert again.bodies == list(world.bodies)
    monkeypatch.setattr(record_answers, "HERE", tmp_path)
    again.export()
    exported = read(tmp_path / f"{plan.name}{SUFFIX}")
    assert exported.texts == world.texts
    assert (exported.answers == world.answers).all()
    assert exported.header["parts"] == world.header["parts"]


@pytest.mark.parametrize("name", MADE)
def test_made_up_examples_are_the_same_every_time(name: str) -> None:
    examples = made_examples(name, 40)
    assert examples == made_examples(name, 40)
    assert len(dict(examples)) == 40


def test_worlds_are_split_by_rule_and_know_a_vague_sentence() -> None:
    roles = [plan.role for plan in PLANS if plan.black_box == "qwen"]
    assert min(roles.count("tune"), roles.count("report")) >= 2
    assert all(len(PEOPLE[plan.task]) >= 5 for plan in PLANS)
