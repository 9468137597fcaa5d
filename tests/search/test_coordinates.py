"""Coordinates: what becomes of a sentence, what a latent stands for, and what a search makes of them."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import TOY, Iz, assert_explained, result_of

import izcore
from izcore.plugin import Candidate, CoordinateValue, Guidance, UsageError
from izcore.plugin.run_record import Run
from izcore.search.coordinates import balanced_cells, choose_values, complete, completions_of, with_clauses

FORM = (CoordinateValue(name="none"), CoordinateValue(name="only", clause="Write only the answer."))
TONE = (
    CoordinateValue(name="any"),
    CoordinateValue(name="kind", clause="Be kind."),
    CoordinateValue(name="marked", clause="End with ANSWER.", answer_mark="ANSWER", room=90),
)
BOTH = {"form": FORM, "tone": TONE}
SETTINGS: dict[str, Any] = {
    "generator": {"name": "phrases", "phrases": ["Write the plural.", "Count the letters."]},
    "search": {"initial": 8, "batch": 4, "rounds": 1},
    "splits": {"validation": 10, "test": 10, "retest": 4},
}


def search(**settings: Any) -> Run:
    chosen = {"scorer": "obedient", "surrogate": "sobol", "coordinates": ["manner"]}
    result = izcore.optimize("mirror", settings={**SETTINGS, **chosen, **settings})
    return izcore.run(result.run_id)


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        ("Name the city.", "Name the city. Write only the answer."),
        ("Name the city", "Name the city. Write only the answer."),
        ("Which city?", "Which city? Write only the answer."),
        ("Name it.\n- city\n", "Name it.\n- city\nWrite only the answer."),
        ("", "Write only the answer."),
    ],
)
def test_a_clause_stands_behind_the_sentence(body: str, whole: str) -> None:
    assert with_clauses(body, ["", "Write only the answer."]) == whole


@given(st.text(), st.lists(st.just("")))
def test_without_a_clause_the_sentence_stays_as_it_is(body: str, nothing: list[str]) -> None:
    assert with_clauses(body, nothing) == body


@given(st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_every_latent_stands_for_one_value_of_each(numbers: list[float]) -> None:
    chosen = choose_values(BOTH, numbers)
    assert list(chosen) == ["form", "tone"]
    assert chosen["form"] in FORM
    assert chosen["tone"] in TONE


def test_values_have_equal_shares() -> None:
    found = [choose_values({"tone": TONE}, [number / 30])["tone"].name for number in range(30)]
    assert [found.count(value.name) for value in TONE] == [10, 10, 10]


def test_a_candidate_keeps_its_sentence_and_what_completes_it() -> None:
    completed = complete(Candidate(latent=(0.5,), instruction="Go."), {"form": FORM[1], "tone": TONE[2]})
    assert completed.instruction == "Go. Write only the answer. End with ANSWER."
    assert completed.sentence == completed.body == "Go."
    assert completed.coordinates == (("form", "only"), ("tone", "marked"))
    guidance = completed.guidance
    assert (guidance.answer_mark, guidance.room) == ("ANSWER", 90)
    assert Guidance.of_key(guidance.key) == guidance


@given(st.lists(st.integers(2, 5), max_size=3), st.integers(1, 40))
def test_any_number_of_combinations_has_each_choice_about_equally_often(sizes: list[int], count: int) -> None:
    coordinates = {
        str(axis): tuple(CoordinateValue(name=str(n)) for n in range(size)) for axis, size in enumerate(sizes)
    }
    cells = [tuple(value.name for value in cell.values()) for cell in balanced_cells(coordinates, count)]
    assert len(set(cells)) == len(cells) == min(count, math.prod(sizes))
    assert set(cells[0]) <= {"0"}
    for axis, size in enumerate(sizes):
        met = Counter(cell[axis] for cell in cells)
        assert len(met) == min(size, len(cells))
        assert max(met.values()) - min(met.values()) <= 2


def test_each_sentence_meets_each_choice() -> None:
    found = [candidate.instruction for candidate in completions_of(["A.", "B."], {"form": FORM}, 9)]
    assert found == ["A.", "B.", "A. Write only the answer.", "B. Write only the answer."]


def test_a_search_varies_its_coordinates_and_names_them() -> None:
    run = search()
    chosen = [dict(trial.candidate.coordinates)["manner"] for trial in run.trials]
    assert set(chosen) == {"plain", "thankful"}
    for trial in run.trials:
        ends = trial.candidate.instruction.endswith("Thank you.")
        assert ends == (dict(trial.candidate.coordinates)["manner"] == "thankful")
    assert run.result is not None
    assert run.result.best is not None
    assert run.result.best.coordinates["manner"] in {"plain", "thankful"}


def test_the_users_own_instructions_come_first_with_every_choice_and_may_win() -> None:
    own = ["Write the input in reverse.", "Say it twice."]
    run = search(start=own)
    first = run.trials[:4]
    assert [trial.candidate.sentence for trial in first] == own * 2
    assert [dict(trial.candidate.coordinates)["manner"] for trial in first] == [
        *["plain"] * 2,
        *["thankful"] * 2,
    ]
    assert len(run.trials) == 4 + 12
    assert run.result is not None
    assert run.result.best is not None
    assert run.result.best.instruction.startswith("Write the input in reverse.")


def test_a_surrogate_crosses_sentences_with_choices() -> None:
    """A new sentence is written once for several cells; one at hand is completed, and nothing is written."""
    own = ["Write the input in reverse."]
    run = search(surrogate="crossing", start=own, search={"initial": 4, "batch": 6, "rounds": 1})
    first, later = run.trials[2:6], run.trials[6:]
    assert [trial.candidate.sentence for trial in first[2:]] == own * 2
    assert [trial.candidate.latent for trial in first[2:]] == [()] * 2
    for new in (first[:2], later[:2]):
        assert len({trial.candidate.sentence for trial in new}) == 1
        assert [dict(trial.candidate.coordinates)["manner"] for trial in new] == ["thankful", "plain"]
    written = first[0].candidate
    reused = [trial.candidate for trial in later[2:] if trial.candidate.sentence == written.sentence]
    assert reused
    assert {candidate.latent[:-1] for candidate in reused} == {written.latent[:-1]}


@pytest.mark.parametrize("pool", [0, 6])
def test_sentences_at_hand_are_those_of_the_user_of_the_pool_and_of_earlier_rounds(pool: int) -> None:
    """Without any, a surrogate that reuses sentences could name none: the guard would say so."""
    run = search(surrogate="crossing", search={"initial": 6, "batch": 6, "rounds": 2, "pool": pool})
    assert {trial.round for trial in run.trials} >= {0, 1}
    assert len({trial.candidate.sentence for trial in run.trials}) < len(run.trials)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--start", ""), "start[0]"),
        (("--start", "Go.", "--start", "Go. "), "twice"),
        (("--start", "@nowhere.txt"), "nowhere.txt"),
        (("--coordinate", "fomr"), "form"),
    ],
)
def test_what_cannot_be_meant_is_explained(iz: Iz, options: tuple[str, ...], told: str) -> None:
    assert_explained(iz("optimize", "mirror", *TOY, *options, "--dry-run"), told)


def test_instructions_of_a_file_come_first(iz: Iz, tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("# Ours.\nSay it twice.\nWrite the input in reverse.\n")
    small = ("--set", "search.initial=4", "--set", "search.rounds=0", "--preset", "uniform-halving")
    done = iz("optimize", "mirror", *TOY, *small, "--start", f"@{tmp_path / 'own.txt'}", "--json")
    assert result_of(done)["trials"] == 6


def test_placement_and_exemplars_are_coordinates() -> None:
    chosen = {"placement": {}, "exemplars": {"examples": 2, "sets": 2}}
    run = search(coordinates=chosen, start=["Write it in reverse."])
    candidates = [trial.candidate for trial in run.trials]
    # The scorer takes no messages apart.
    places = {"before the input": "", "after the input": "after"}
    assert {dict(each.coordinates)["placement"] for each in candidates} == set(places)
    assert all(each.placement == places[dict(each.coordinates)["placement"]] for each in candidates)
    assert {len(each.exemplars) for each in candidates} == {0, 2}
    assert {each.instruction for each in candidates[:6]} == {"Write it in reverse."}
    assert len({each.guidance for each in candidates[:6]}) == 6


def test_what_leaves_nothing_to_choose_is_left_out_with_a_note() -> None:
    planned = izcore.plan(
        "mirror",
        scorer="obedient",
        coordinates=["placement"],
        settings={**SETTINGS, "prompt_template": "{instruction}\n{input}"},
    )
    assert planned.plan.coordinates == {}
    assert any("placement is left out: here it has one value" in note for note in planned.plan.notes)


def test_the_better_half_of_the_users_own_instructions_goes_on() -> None:
    """No policy drops it, so that what wins is never below it by the luck of a few examples."""
    own = ["Say it twice.", "Say it three times.", "Say it four times."]
    run = search(
        start=own,
        generator={"name": "phrases", "phrases": ["Write it in reverse."]},
        evaluation={"policy": "halving", "first": 2, "finalists": 3},
        coordinates=[],
    )
    seen = {trial.candidate.instruction: len(trial.scores) for trial in run.trials if trial.reused is None}
    # All of them see 4 examples, and the best of all and of the user's own the 4 of the retest, too.
    assert sorted(seen[each] for each in own) == [4, 8, 14]
    assert run.result is not None
    assert run.result.best is not None
    assert "reverse" in run.result.best.instruction


def test_a_budget_too_small_for_the_users_own_instructions_is_refused_with_one_that_would_do() -> None:
    def planned(max_calls: int) -> izcore.PlannedRun:
        return izcore.plan(
            "mirror",
            scorer="obedient",
            max_calls=max_calls,
            start=["One.", "Two.", "Three.", "Four."],
            settings={**SETTINGS, "coordinates": ["manner"], "evaluation": {"policy": "full"}},
        )

    with pytest.raises(
        UsageError, match=r"4 instructions of your own with 2 combinations.*would do"
    ) as caught:
        planned(100)
    enough = int(caught.value.message.split("; ")[1].split(" calls")[0])
    assert len(planned(enough).plan.starting) == 8


def test_a_small_budget_meets_a_balanced_part_of_the_combinations() -> None:
    planned = izcore.plan(
        "mirror",
        scorer="obedient",
        max_calls=170,
        start=["One."],
        settings={
            **SETTINGS,
            "coordinates": {"manner": {}, "placement": {}, "exemplars": {"sets": 3}},
            "evaluation": {"policy": "full"},
            "search": {"initial": 20, "batch": 4, "rounds": 1},
        },
    )
    starting = [dict(candidate.coordinates) for candidate in planned.plan.starting]
    assert 4 <= len(starting) < 16
    assert len({chosen["exemplars"] for chosen in starting}) == 4
    assert any(note.startswith(f"start: {len(starting)} of 16") for note in planned.plan.notes)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"coordinates": ["manner", "manner"]}, "twice"),
        ({"coordinates": {"exemplars": {"examples": 9}}}, "9 examples are wanted"),
        ({"prompt_template": "{input}"}, "{instruction} is missing"),
    ],
)
def test_coordinates_that_cannot_be_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError) as caught:
        izcore.plan("mirror", scorer="obedient", settings={**SETTINGS, **settings})
    assert told in caught.value.message


def test_the_winner_is_one_prompt_that_can_be_taken_away(iz: Iz) -> None:
    run = search(coordinates={"placement": {}, "exemplars": {"examples": 1, "sets": 1}})
    assert run.result is not None
    best = run.result.best
    assert best is not None
    assert best.prompt is not None
    (message,) = best.messages  # the scorer tells no others apart
    assert message["role"] == "user"
    for part in ("{input}", best.instruction, *(exemplar.targets[0] for exemplar in best.exemplars)):
        assert part in message["content"]
    page = iz("runs", "show", run.id).stdout
    assert all(line.strip() in page for line in message["content"].splitlines())
    assert f"placement: {best.coordinates['placement']}" in page
