"""Few-shot: exemplars are chosen together with the instruction, and what they alone do is shown."""

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import TOY, Iz, assert_explained, result_of, without_times

import izcore
from izcore.builtins.exemplars import ExemplarSets
from izcore.builtins.options import ExemplarOptions
from izcore.config.paths import Paths
from izcore.plugin import ConfigError, CoordinateRequest, Message
from izcore.plugin.examples import Example
from izcore.plugin.exemplar_sets import draw_sets, exemplar_values
from izcore.plugin.target_profile import profile_targets
from izcore.storage.store import Store

USELESS = ("--set", 'generator.phrases=["Say something nice.", "Be kind."]')
SEARCH = (
    *("--set", "search.initial=10", "--set", "search.batch=5", "--set", "search.rounds=1"),
    *("--set", "splits.validation=10", "--set", "splits.test=12", "--set", "splits.retest=0"),
    *("--set", "evaluation.policy=full", "--json"),
)
FEW = ("--set", "few_shot.examples=2", "--set", "few_shot.sets=3")


def optimize(iz: Iz, *more: str) -> dict[str, Any]:
    return result_of(iz("optimize", "mirror", *TOY, *SEARCH, *more))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 40), st.integers(0, 9))
def test_sets_are_different_and_come_from_the_demonstrations(
    count: int, examples: int, sets: int, seed: int
) -> None:
    examples = min(examples, count)
    demonstrations = tuple(Example(input=str(n), targets=("x",)) for n in range(count))
    drawn = draw_sets(demonstrations, examples=examples, sets=sets, seed=seed)
    assert drawn == draw_sets(demonstrations, examples=examples, sets=sets, seed=seed)
    assert len(set(drawn)) == len(drawn) == min(sets, math.perm(count, examples))
    for exemplars in drawn:
        assert len(set(exemplars)) == examples
        assert set(exemplars) <= set(demonstrations)
    values = exemplar_values(drawn)
    assert [value.exemplars for value in values] == [(), *drawn]
    assert len({value.name for value in values}) == len(values)


def test_the_settings_stand_for_a_coordinate(iz: Iz, tmp_path: Path) -> None:
    run = optimize(iz, *USELESS, *FEW)
    chosen = {}
    for trial in Store(tmp_path / "runs.sqlite").trials(run["run_id"]):
        chosen[dict(trial.candidate.coordinates)["exemplars"]] = trial.candidate.exemplars
        assert trial.candidate.sentence == trial.candidate.instruction
    assert set(chosen) <= {"none", "2 examples, set 1", "2 examples, set 2", "2 examples, set 3"}
    assert all(bool(exemplars) == (name != "none") for name, exemplars in chosen.items())
    assert run["best"]["coordinates"]["exemplars"] in chosen


def test_exemplars_do_what_no_instruction_says(iz: Iz, tmp_path: Path) -> None:
    zero, few = optimize(iz, *USELESS), optimize(iz, *USELESS, *FEW)
    assert zero["best"]["validation"]["score"] < 0.5
    assert zero["best"]["exemplars"] == []
    assert few["best"]["validation"]["score"] == 1.0
    assert few["best"]["test"]["score"] == 1.0
    names = ["no instruction", "generator unsteered", "no instruction, same exemplars"]
    assert [b["name"] for b in few["baselines"]] == names
    # The exemplars did it, and the result says that the instruction added nothing.
    assert few["baselines"][-1]["test"]["score"] == 1.0
    assert few["baselines"][-1]["difference"] == 0.0
    assert few["baselines"][0]["test"]["score"] < 0.5
    assert "No improvement found over" in few["conclusion"] or "Not shown to be better" in few["conclusion"]
    with Store(tmp_path / "runs.sqlite") as store:
        splits, trials = store.run(few["run_id"]).plan.splits, store.trials(few["run_id"])
    shown = {exemplar for t in trials for exemplar in t.candidate.exemplars}
    assert shown <= set(splits.demonstrations)
    assert not shown & {*splits.validation, *splits.test}
    # The surrogate's space has one coordinate more than the generator's two.
    assert {len(t.candidate.latent) for t in trials} == {3}
    first = next(t for t in trials if t.candidate.exemplars)
    page = iz("runs", "show", few["run_id"]).stdout
    assert "3 sets of 2 exemplars, or none" in page
    assert f"with the exemplar '{few['best']['exemplars'][0]['input']}'" in page
    assert "with the exemplar" in iz("runs", "show", few["run_id"], "--trial", str(first.index)).stdout
    assert few["front"][-1]["exemplars"]


def test_same_instruction_with_other_exemplars_is_scored_anew(iz: Iz, tmp_path: Path) -> None:
    one = ("--set", 'generator.phrases=["Be kind."]', "--set", "scorer.mistakes=0.4", *FEW)
    result = optimize(iz, *one, "--no-cache")
    with Store(tmp_path / "runs.sqlite") as store:
        trials = store.trials(result["run_id"])
    scored = [t.candidate.guidance for t in trials if t.reused is None]
    assert len(set(scored)) == len(scored)
    assert len({g.instruction for g in scored}) == result["unique_instructions"] < len(scored)
    for trial in trials:
        if trial.reused is not None:
            assert trials[trial.reused].candidate.guidance == trial.candidate.guidance
    assert without_times(result) == without_times(optimize(iz, *one, "--no-cache"))


@pytest.mark.parametrize(
    "how",
    [
        ("--set", "search.pool=30"),
        ("--set", "evaluation.policy=halving", "--set", "splits.retest=4"),
        ("--set", "evaluation.policy=racing", "--set", "objective.length_penalty=0.1"),
        ("--surrogate", "sklearn-gp"),
        ("--max-calls", "150"),
    ],
)
def test_everything_else_works_with_exemplars(iz: Iz, how: tuple[str, ...]) -> None:
    result = optimize(iz, *USELESS, *FEW, *how)
    assert result["best"]["test"]["score"] == 1.0
    assert result["best"]["exemplars"]
    assert len(result["baselines"]) == 3
    warm = optimize(iz, *USELESS, *FEW, *how, "--warm-start", "last")
    assert warm["best"]["exemplars"]


def test_more_exemplars_than_demonstrations_are_refused(iz: Iz) -> None:
    process = iz("optimize", "mirror", *TOY, "--set", "few_shot.examples=6", "--dry-run")
    assert_explained(process, "few_shot.examples", "5 demonstrations", "splits.demonstrations")
    optimize(iz)
    changed = iz("optimize", "mirror", *TOY, *SEARCH, *FEW, "--warm-start", "last")
    assert_explained(changed, "few_shot")


def test_few_shot_takes_the_place_of_the_coordinate() -> None:
    settings = {"coordinates": ["form", "exemplars"], "few_shot": {"examples": 1, "sets": 2}}
    planned = izcore.plan("mirror", generator="phrases", scorer="obedient", settings=settings)
    assert set(planned.plan.coordinates) == {"form"}
    assert planned.config.few_shot.sets == 2


@pytest.mark.parametrize(
    ("characters", "demonstrations", "shown"),
    [(10, 5, 3), (10, 2, 2), (1500, 5, 2), (5000, 5, 0)],
)
def test_as_many_exemplars_are_shown_as_there_are_and_as_stay_short(
    characters: int, demonstrations: int, shown: int
) -> None:
    given = tuple(Example(input=f"{n}" * characters, targets=("x",)) for n in range(demonstrations))
    request = CoordinateRequest(profile=profile_targets(given), demonstrations=given, seed=0)
    values = ExemplarSets(ExemplarOptions(), Paths.of_this_user().context(0)).values(request).values
    assert max(len(value.exemplars) for value in values) == shown


def test_conversations_are_no_exemplars_unless_they_are_asked_for() -> None:
    turns = (Message(role="user", text="Hello"), Message(role="assistant", text="Hi"))
    given = tuple(Example(input=f"{n}", targets=("x",), turns=turns) for n in range(4))
    request = CoordinateRequest(profile=profile_targets(given), demonstrations=given, seed=0)
    context = Paths.of_this_user().context(0)
    assert len(ExemplarSets(ExemplarOptions(), context).values(request).values) == 1
    assert len(ExemplarSets(ExemplarOptions(examples=2), context).values(request).values) > 1


def test_a_set_is_shown_within_the_text_and_as_turns_where_both_can_be() -> None:
    given = tuple(Example(input=f"{n}", targets=("x",)) for n in range(4))
    request = CoordinateRequest(profile=profile_targets(given), demonstrations=given, seed=0, turns=True)
    context = Paths.of_this_user().context(0)

    def shown(**options: Any) -> dict[str, bool]:
        values = ExemplarSets(ExemplarOptions(sets=1, **options), context).values(request).values
        return {value.name: value.as_turns for value in values}

    both = {"none": False, "3 examples as turns, set 1": True, "3 examples, set 1": False}
    assert shown() == both
    assert shown(shown="turns") == {name: way for name, way in both.items() if way or name == "none"}
    assert shown(shown="message") == {name: way for name, way in both.items() if not way}
    request = msgspec.structs.replace(request, turns=False)
    assert shown() == shown(shown="message")
    with pytest.raises(ConfigError, match='shown = "turns"'):
        shown(shown="turns")
