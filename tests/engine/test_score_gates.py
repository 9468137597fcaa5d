"""``iz score``: a run of its own, comparisons in pairs, gates, and the example for GitHub Actions."""

import json
import os
import shlex
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import Iz, assert_explained, result_of, write_lines
from support.in_process import called
from support.servers.protocol_server import Answer, Call, ProtocolServer

import izcore
from izcore.scoring.statistics import paired_difference

PAGE = Path(__file__).parents[2] / "docs" / "ci.md"
REVERSE, REPEAT = "Write the input in reverse.", "Repeat the word."
SCORED = ("score", "mirror", "--scorer", "obedient", "--set", "splits.test=20")


def scored(*arguments: str) -> tuple[int, Any]:
    code, out, err = called(*arguments, "--json")
    assert out, err
    return code, json.loads(out)


def test_several_are_compared_in_pairs_and_kept_as_a_run(iz: Iz, tmp_path: Path) -> None:
    file = write_lines(tmp_path / "prompts.txt", ["# two of them", REPEAT, "Count the letters."])
    code, found = scored(*SCORED, "--instruction", REVERSE, "--instruction", f"@{file}")
    assert code == 0
    assert [each["name"] for each in found["instructions"]] == [f"instruction {n}" for n in (1, 2, 3)]
    assert found["instruction"] == REVERSE
    assert [(pair["first"][-1], pair["second"][-1]) for pair in found["pairs"]] == [
        ("1", "2"),
        ("1", "3"),
        ("2", "3"),
    ]
    run = izcore.run(found["run_id"])
    assert run.result is not None
    assert (run.status, run.result.trials, len(run.test_scores)) == ("done", 0, 3)
    assert run.result.render(input="abc")[0]["content"].endswith("Input: abc\nOutput:")
    singles = [
        izcore.paired_p_value(run.test_scores[a].scores, run.test_scores[b].scores, seed=0)  # type: ignore[arg-type]
        for a, b in ((0, 1), (0, 2))
    ]
    adjusted = sorted(pair["p_value"] for pair in found["pairs"])
    assert adjusted[0] == pytest.approx(3 * min(singles))
    listed = called("runs", "list")[1]
    assert found["run_id"] in listed
    assert REVERSE in called("runs", "show", "last")[1]
    assert REVERSE in called("export", "last")[1]
    assert "20" in called("runs", "export", "last", "--format", "csv:tests")[1]
    # It is read as a run that has nothing to search.
    with sqlite3.connect(os.environ["IZ_DB"]) as db:
        db.execute("UPDATE runs SET status = 'interrupted', result = NULL")
    db.close()
    assert_explained(iz("resume", "last"), "has no search to go on with", "same command")
    assert_explained(iz(*SCORED), "no instruction to score", "--from RUN")


def test_a_winner_is_scored_exactly_as_it_was_measured(iz: Iz) -> None:
    search = ("--generator", "phrases", "--surrogate", "sobol", "--preset", "quick", "--scorer", "obedient")
    sizes = (
        "--set",
        "search.initial=8",
        "--set",
        "search.rounds=0",
        "--set",
        "splits.test=15",
        "--seed",
        "3",
    )
    template = ("--template", "Task: {instruction}\nWord: {input}\nResult:")
    best = result_of(iz("optimize", "mirror", *search, *sizes, *template, "--seed", "3", "--json"))
    code, found = scored("score", "mirror", "--from", "last", "--not-worse-than", "last")
    assert code == 0
    assert (found["calls"], found["cached_calls"]) == (0, 15)
    assert found["test"] == best["best"]["test"]
    (gate,) = found["gates"]
    assert gate["passed"]
    assert "15 of its 15 test examples" in gate["reason"]


def test_gates_end_with_exit_code_4(iz: Iz) -> None:
    assert scored(*SCORED, "--instruction", REVERSE)[0] == 0
    code, found = scored(
        *SCORED,
        "--instruction",
        REPEAT,
        "--instruction",
        REVERSE,
        "--not-worse-than",
        "last",
        "--fail-under",
        "0.5",
    )
    assert code == 4
    assert [(gate["condition"], gate["passed"]) for gate in found["gates"]] == [
        ("fail_under", False),
        ("not_worse_than", False),
        ("fail_under", True),
        ("not_worse_than", True),
    ]
    failed = iz(*SCORED, "--instruction", REPEAT, "--fail-under", "0.5")
    assert failed.returncode == 4
    assert "under 0.5" in failed.stderr
    assert "95% interval" in failed.stdout
    for arguments, *messages in (
        (("--fail-under", "80"), "from 0 to 1"),
        (("--not-worse-than", "nothing"), "There is no run 'nothing'"),
        (("--not-worse-than", "last", "--seed", "9", "--set", "splits.test=1"), "are those of run"),
    ):
        assert_explained(iz(*SCORED, "--instruction", REPEAT, *arguments), *messages)


def test_an_interval_says_how_far_a_difference_can_be_believed() -> None:
    first, second = [1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 1.0]
    mean, low, high = paired_difference(first, second)
    assert (mean, low, high) == pytest.approx((0.125, -0.4109, 0.6609), abs=1e-3)
    assert paired_difference(first, first) == (0.0, 0.0, 0.0)
    assert paired_difference([1.0] * 20, [0.0] * 20)[1:] == pytest.approx((0.8389, 1.0), abs=1e-4)
    with pytest.raises(ValueError, match="same length"):
        paired_difference([1.0], [1.0, 0.0])


@pytest.fixture
def server() -> Iterator[ProtocolServer]:
    def behave(call: Call) -> Answer:
        told, word = "team" in call.prompt, call.prompt.rsplit("Input: ", 1)[-1].split()[0]
        return Answer(f"{'billing' if word.startswith('b') else 'delivery'}" if told else "No idea.")

    with ProtocolServer(behave) as running:
        yield running


def test_the_example_for_github_runs(
    server: ProtocolServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps of the page, one after the other, where pip has installed already."""
    pytest.importorskip("izcore_tasks", reason="the run's task is a CSV file")
    pytest.importorskip("izcore_openai", reason="the example asks a model behind an API")
    block = PAGE.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    job = yaml.safe_load(block)["jobs"]["score"]
    commands = [shlex.split(step["run"]) for step in job["steps"] if "run" in step]
    assert [command[0] for command in commands] == ["pip", "iz", "iz"]

    rows = [f"{team[0]}{number} text,{team}" for number in range(60) for team in ("billing", "delivery")]
    write_lines(tmp_path / "tickets.csv", ["input,output", *rows])
    (tmp_path / "prompts").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IZ_DB", str(tmp_path / "mine.sqlite"))
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-the-test")
    monkeypatch.setenv("OPENAI_BASE_URL", server.openai_url)
    prompt = write_lines(tmp_path / "prompts" / "instruction.txt", ["Name the team."])
    made = ("--scorer", "openai:gpt-4o-mini", "--metric", "contains", "--instruction", f"@{prompt}")
    code, _, err = called("score", "tickets.csv", *made)
    assert code == 0, err
    assert called("runs", "export", "last", "--bundle", "prompts/best.izrun")[0] == 0

    monkeypatch.setenv("IZ_DB", job["env"]["IZ_DB"])
    asked = len(server.exchanges)
    outcomes = [called(*command[1:]) for command in commands[1:]]
    assert [code for code, *_ in outcomes] == [0, 0], outcomes
    assert "75 of its 75 test examples" in " ".join(outcomes[1][1].split())
    assert len(server.exchanges) == asked
    write_lines(prompt, ["Say something."])
    code, _, err = called(*commands[2][1:])
    assert code == 4
    assert "under 0.8" in err
    assert "Not shown to be no worse" in err
