"""No score rests on missing evidence: what never answers counts for nobody, too much stops a run."""

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Iz
from support.rule_world import BEST, RuleWorld, failing_on, obey
from support.servers.protocol_server import Answer, Behaviour, Call, Failure, ProtocolServer

import izcore


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolServer]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    with ProtocolServer(behave=obey) as running:
        yield running


@pytest.fixture
def world(server: ProtocolServer, tmp_path: Path) -> RuleWorld:
    return RuleWorld(tmp_path, server)


FULL = {"evaluation": {"policy": "full"}}
RACING = {"evaluation": {"policy": "racing"}}
FEW_SHOT = {"few_shot": {"examples": 1, "sets": 2}}


@pytest.mark.parametrize(
    ("split", "place", "settings"),
    [
        ("validation", 0, {}),
        ("validation", 5, FULL),
        ("validation", 2, RACING),
        ("validation", 0, FEW_SHOT),
        ("retest", 7, {}),
        ("test", 11, {}),
    ],
)
def test_an_example_that_never_answers_counts_for_nobody(
    world: RuleWorld, server: ProtocolServer, split: str, place: int, settings: dict[str, Any]
) -> None:
    bad = getattr(world.splits(), split)[place].input
    server.behave = failing_on({bad}, lambda: Failure(500))
    result = world.optimize(**settings)
    assert result.status == "done"
    assert result.best is not None
    assert result.best.instruction == BEST
    (found,) = result.set_aside
    assert (found.split, found.failed, found.ungraded) == (split, 1, 0)
    assert f"1 of {found.examples} {split} examples" in result.conclusion
    asked = sum(f"{bad}\n" in call.prompt for call in server.calls)
    assert asked <= 2 * 2, "one instruction finds out, with all its tries, twice"
    run = izcore.run(result.run_id, db=world.db)
    counted = {None if split == "test" else trial.scores[place:][:1] for trial in run.trials}
    assert split != "validation" or counted <= {(None,), ()}
    if split == "test":
        assert all(tested.scores.count(None) == 1 for tested in run.test_scores)
        assert {result.best.test.n, *(b.test.n for b in result.baselines)} == {19}


@pytest.mark.parametrize("place", [0, 5])
@pytest.mark.parametrize("status", [400, 413])
def test_an_example_that_the_model_rejects_counts_for_nobody(
    world: RuleWorld, server: ProtocolServer, status: int, place: int
) -> None:
    bad = world.splits().validation[place].input
    server.behave = failing_on({bad}, lambda: Failure(status))
    result = world.optimize()
    assert result.best is not None
    assert result.best.instruction == BEST
    assert [(each.split, each.failed) for each in result.set_aside] == [("validation", 1)]


def test_an_example_that_fails_under_one_instruction_counts_for_nobody_either(
    world: RuleWorld, server: ProtocolServer
) -> None:
    bad = world.splits().validation[4].input

    def fails_once(call: Call) -> Behaviour:
        return Failure(500) if f"{bad}\n" in call.prompt and "Rule 7" in call.prompt else obey(call)

    server.behave = fails_once
    result = world.optimize(**FULL)
    trials = izcore.run(result.run_id, db=world.db).trials
    assert {trial.scores[4] for trial in trials} == {None}
    assert {len(trial.known_scores) for trial in trials} <= {19, 29}
    assert [each.count for each in result.set_aside] == [1]


@pytest.mark.parametrize(("split", "most"), [("validation", 2), ("retest", 1), ("test", 2)])
def test_with_too_little_evidence_a_run_stops_and_goes_on_later(
    world: RuleWorld, server: ProtocolServer, split: str, most: int
) -> None:
    inputs = [example.input for example in getattr(world.splits(), split)]
    server.behave = failing_on(set(inputs[3 : 3 + most]), lambda: Failure(503))
    enough = world.optimize()
    assert [(each.split, each.count) for each in enough.set_aside] == [(split, most)]

    server.behave = failing_on(set(inputs[3 : 4 + most]), lambda: Failure(503))
    with pytest.raises(
        izcore.BackendError, match=f"{most + 1} of .* {split} examples .*could not answer now"
    ):
        world.optimize(cache=False)
    stopped = izcore.runs(db=world.db)[0]
    assert stopped.status == "failed"
    with pytest.raises(izcore.BackendError, match=f"{split} examples"):
        izcore.resume(stopped.id, db=world.db)

    server.behave = obey
    mended = izcore.resume(stopped.id, db=world.db)
    assert mended.set_aside == ()
    assert mended.best is not None
    assert mended.best.instruction == BEST
    if split == "validation":
        whole = world.optimize(cache=False)
        assert mended.best == whole.best
        assert mended.baselines == whole.baselines


@pytest.mark.parametrize("status", [429, 503])
def test_absurd_patience_of_a_third_of_the_calls_changes_no_winner(
    world: RuleWorld, server: ProtocolServer, status: int
) -> None:
    expected = world.optimize(cache=False)
    chance = random.Random(1)

    def asks_for_years(call: Call) -> Behaviour:
        return Failure(status, retry_after="1e9") if chance.random() < 1 / 3 else obey(call)

    server.behave = asks_for_years
    result = world.optimize(cache=False, retries={"tries": 6, "max_wait": 0.01})
    assert result.best == expected.best
    assert result.baselines == expected.baselines


def test_a_result_and_a_score_say_on_the_command_line_what_was_set_aside(
    world: RuleWorld, server: ProtocolServer, iz: Iz
) -> None:
    splits = world.splits()
    bad = {splits.validation[0].input, splits.test[1].input}
    server.behave = failing_on(bad, lambda: Failure(500))
    world.optimize()
    told = " ".join(iz("runs", "show", "last", "--db", str(world.db)).stdout.split())
    assert "1 of 20 validation examples (5%; 1 because calls failed for good)" in told
    assert "1 of 20 test examples" in told
    score = izcore.score(world.task, BEST, db=world.db, **world.options())
    assert score.test.n == 19
    assert score.set_aside is not None
    server.behave = failing_on({each.input for each in splits.test[:3]}, lambda: Failure(500))
    with pytest.raises(izcore.BackendError, match="3 of 20 test examples"):
        izcore.score(world.task, BEST, db=world.db, **world.options(cache=False))


class Judged:
    """A black box that obeys, and a judge who has nothing to say about the answers to some inputs."""

    def __init__(self, silent_about: set[str]) -> None:
        self.silent_about = silent_about

    def __call__(self, call: Call) -> Behaviour:
        if "You grade answers" not in call.prompt:
            return obey(call)
        item = re.findall(r"Input: (item\d+)", call.prompt)[-1]
        if item in self.silent_about:
            return Answer("This is not for me to say.")
        return Answer(f"Grade: {int(call.prompt.count(item.replace('item', 'out')) > 1)}")


JUDGE = {
    "metric": {
        "name": "judge",
        "rubric": "The answer is the reference answer.",
        "best_grade": 1,
        "judge": {"name": "openai", "model": "gpt-4o-mini", "temperature": 0.5},
    },
    "splits": {"demonstrations": 2, "validation": 10, "retest": 0, "test": 10},
}


def test_an_answer_without_a_grade_is_no_failed_call_and_is_graded_later(
    world: RuleWorld, server: ProtocolServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    splits = world.splits(**JUDGE)
    server.behave = Judged({splits.validation[2].input})
    result = world.optimize(**JUDGE)
    (found,) = result.set_aside
    assert (found.split, found.failed, found.ungraded) == ("validation", 0, 1)
    assert "1 because answers got no grade" in result.conclusion

    moody = Judged({example.input for example in splits.test[:2]})
    server.behave = moody
    with pytest.raises(izcore.BackendError, match=r"2 of 10 test examples .*got no grade") as stopped:
        world.optimize(cache=False, **JUDGE)
    assert "fail" not in stopped.value.message
    run_id = izcore.runs(db=world.db)[0].id
    with pytest.raises(izcore.BackendError, match="got no grade"):
        izcore.resume(run_id, db=world.db)
    asked = len(server.calls)
    moody.silent_about = set()
    mended = izcore.resume(run_id, db=world.db)
    assert mended.set_aside == ()
    again = server.calls[asked:]
    assert again
    assert all("You grade answers" in call.prompt for call in again[:2]), "the black box's answers are kept"
    assert mended.best is not None
    assert mended.best.instruction == BEST
