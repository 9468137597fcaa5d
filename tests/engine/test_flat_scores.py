"""A first round in which all score the same is told at once, with cause and remedy, and may stop the run."""

import json
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.in_process import called

import izcore
from izcore.config.schema import RunConfig
from izcore.engine.flat_scores import FlatScores, flat_scores
from izcore.plugin import Candidate, Example, NoteAdded, RunStopped, Trial, hookimpl
from izcore.registry.choices import BackendChoice

VALIDATION = tuple(Example(input=f"Where is tower {n}?", targets=(f"City{n}",)) for n in range(10))
ANY = BackendChoice(name="openai")
CONFIG = RunConfig(task=ANY, scorer=ANY, generator=ANY, surrogate=ANY)
FORM = msgspec.structs.replace(CONFIG, coordinates=(BackendChoice(name="form"),))


def trial(index: int, scores: list[float], answer: str = "I do not know.", finish: Any = "stop") -> Trial:
    return Trial(
        index=index,
        round=0,
        candidate=Candidate(latent=(), instruction=f"Instruction {index}."),
        scores=tuple(scores),
        answers=tuple(answer.format(target=e.targets[0], input=e.input) for e in VALIDATION[: len(scores)]),
        finishes=(finish,) * len(scores),
    )


def told(score: float, *, config: RunConfig = CONFIG, **more: Any) -> FlatScores:
    flat = flat_scores([trial(index, [score] * 6, **more) for index in range(5)], VALIDATION, config)
    assert flat is not None
    return flat


@pytest.mark.parametrize(
    ("score", "answer", "finish", "cause", "remedy"),
    [
        (0.0, "Well, where tower", "length", "cut", "iz plugins show openai"),
        (0.0, "I cannot help.", "refusal", "refused", "--template"),
        (0.0, " ", "stop", "empty", "--scorer"),
        (0.0, "It is in {target}.", "stop", "target stands in most answers", "--metric"),
        (0.0, "{input}", "stop", "repeat the input", "--coordinate form"),
        (0.0, "In town.", "stop", "wrong", "--coordinate form"),
        (1.0, "{input} In {target}.", "stop", "content with answers that repeat", "iz tasks check"),
        (1.0, "{target}", "stop", "whatever it is told", "harder examples"),
    ],
)
def test_cause_and_remedy_are_told_with_an_answer_beside_its_target(
    score: float, answer: str, finish: str, cause: str, remedy: str
) -> None:
    flat = told(score, answer=answer, finish=finish)
    assert flat.note.startswith(f"All 5 instructions so far score {score:.0f}, in 30 answers to 6 examples: ")
    assert cause in flat.note
    assert remedy in flat.note
    shown = answer.format(target="City0", input=VALIDATION[0].input).strip()
    assert flat.example == f"For example, {shown!r} was answered where 'City0' is wanted."


def test_what_is_chosen_already_is_not_proposed() -> None:
    assert "--coordinate form" not in told(0.0, config=FORM).note


def test_a_long_answer_is_cut_and_nothing_in_it_is_obeyed() -> None:
    example = told(0.0, answer="\x1b[31m\nred" * 90).example
    assert "\x1b" not in example
    assert len(example) < 200


def test_a_few_answers_that_differ_are_said_to() -> None:
    trials = [trial(index, [0.0] * 10) for index in range(9)] + [trial(9, [0.0] * 9 + [1.0])]
    flat = flat_scores(trials, VALIDATION, CONFIG)
    assert flat is not None
    assert "score 0 or nearly so" in flat.note


@pytest.mark.parametrize(
    "scores",
    [
        [[0.0]] * 40,  # one hard example
        [[0.0] * 4] * 40,
        [[0.0] * 10] * 3,  # three instructions
        [[0.0] * 5] * 3 + [[0.0]],  # 16 answers
        [[0.0]] * 40 + [[1.0] * 10],  # halving has found one
        [[0.0, 1.0] * 5] * 4,
        [[0.5] * 10] * 4,  # equal, and neither right nor wrong
        [],
    ],
)
def test_chance_is_not_taken_for_a_cause(scores: list[list[float]]) -> None:
    assert flat_scores([trial(i, each) for i, each in enumerate(scores)], VALIDATION, CONFIG) is None


def test_trials_that_reuse_scores_are_no_evidence() -> None:
    first = trial(0, [0.0] * 10)
    again = [msgspec.structs.replace(first, index=index, reused=0) for index in range(1, 9)]
    assert flat_scores([first, *again], VALIDATION, CONFIG) is None


class Watching:
    """Keeps what observers are told of a run that goes badly."""

    def __init__(self) -> None:
        self.notes: list[NoteAdded] = []
        self.stops: list[RunStopped] = []

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        self.notes.append(event)

    @hookimpl
    def izcore_run_stopped(self, event: RunStopped) -> None:
        self.stops.append(event)


SETTINGS: dict[str, Any] = {
    # No phrase says what is wanted: the input in reverse.
    "generator": {"name": "phrases", "phrases": [f"Count the letters, {n}." for n in range(12)]},
    "search": {"initial": 12, "batch": 4, "rounds": 1},
    "splits": {"validation": 8, "retest": 4, "test": 5},
}


def optimize(watching: Watching, *trackers: str, **search: Any) -> izcore.RunResult:
    return izcore.optimize(
        "mirror",
        scorer="obedient",
        surrogate="sobol",
        settings={**SETTINGS, "search": {**SETTINGS["search"], **search}},
        observers={"watching": watching},
        trackers=trackers,
    )


def test_a_run_says_so_after_its_first_round_and_at_its_end(tmp_path: Path) -> None:
    watching, log = Watching(), tmp_path / "events.jsonl"
    with pytest.warns(izcore.IzWarning, match="so far score 0, .* wrong, or in the wrong.* For example, "):
        result = optimize(watching, f"jsonl:{log}")
    assert [note.note for note in watching.notes] == [watching.notes[0].note]
    assert "For example" in watching.notes[0].example
    (logged,) = [line for line in map(json.loads, log.open()) if line["event"] == "note_added"]
    assert logged["note"] == watching.notes[0].note
    assert "example" not in logged, "the task's data"
    assert result.status == "done"
    assert result.notes[0].startswith(f"All {result.unique_instructions} instructions so far score 0")


def test_a_run_may_stop_there_and_go_on_when_it_is_told_to() -> None:
    watching = Watching()
    with pytest.raises(izcore.FlatScoresError) as stopped:
        optimize(watching, stop_when_flat=True)
    assert stopped.value.exit_code == 3
    assert "Stopped after the first round. All " in stopped.value.message
    (stop,) = watching.stops
    run = izcore.run("last")
    assert (run.status, stop.status, run.result) == ("interrupted", "interrupted", None)
    assert "For example" not in stop.reason, "the task's data"
    assert {t.round for t in run.trials} == {0}
    code, shown, _ = called("runs", "show", run.id)
    assert code == 0
    assert "so far score 0" in " ".join(shown.split())

    code, _, complaint = called("resume", run.id)
    assert code == 3
    assert f"iz resume {run.id} --no-stop-when-flat" in " ".join(complaint.split())
    assert izcore.run(run.id).trials == run.trials

    code, out, _ = called("resume", run.id, "--no-stop-when-flat", "--json")
    assert code == 0
    went_on = json.loads(out)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        straight = optimize(watching, stop_when_flat=False)
    assert went_on["trials"] == straight.trials > len(run.trials)
    pairs = zip(izcore.run(run.id).trials, izcore.run(straight.run_id).trials, strict=True)
    assert all((one.candidate, one.scores) == (other.candidate, other.scores) for one, other in pairs)
