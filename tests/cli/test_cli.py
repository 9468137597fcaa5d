"""The command line as people and scripts use it."""

import json
import sqlite3
from pathlib import Path

import pytest
from support import TOY, Iz, assert_explained, result_of, without_times, write_lines

QUICK = ("optimize", "mirror", *TOY, "--preset", "quick")


def test_json_is_the_only_thing_on_standard_output(iz: Iz) -> None:
    process = iz(*QUICK, "--json")
    result = result_of(process)
    assert set(result) >= {
        *("run_id", "task", "status", "seed", "best", "baselines", "trials", "unique_instructions"),
        *("calls", "cached_calls", "tokens", "cost_usd", "seconds"),
    }
    assert set(result["tokens"]) == {"input", "output"}
    assert set(result["best"]) >= {"instruction", "validation", "test"}
    assert set(result["best"]["test"]) == {"score", "low", "high", "n"}
    assert "best so far" in process.stderr


def test_the_best_instruction_is_found_and_beats_no_instruction(iz: Iz) -> None:
    result = result_of(iz(*QUICK, "--json", "--baseline", "Write the first letter."))
    assert "reverse" in result["best"]["instruction"]
    assert result["best"]["test"]["score"] == 1.0
    names = [baseline["name"] for baseline in result["baselines"]]
    assert names == ["no instruction", "generator unsteered", "given"]
    assert all(
        baseline["p_value"] < 0.001 and baseline["difference"] > 0.5 for baseline in result["baselines"]
    )


def test_no_improvement_is_said_plainly(iz: Iz) -> None:
    only_bad = '--set=generator.phrases=["Write the plural.", "Count the letters."]'
    result = result_of(iz(*QUICK, "--json", only_bad))
    assert "Better than" not in result["conclusion"]
    assert "No improvement" in result["conclusion"] or "Worse than no instruction" in result["conclusion"]


def test_the_seed_decides_everything(iz: Iz, tmp_path: Path) -> None:
    def run(seed: str, db: str) -> dict[str, object]:
        noisy = ("--set", "scorer.mistakes=0.3")
        return without_times(
            result_of(iz(*QUICK, *noisy, "--seed", seed, "--db", str(tmp_path / db), "--json"))
        )

    assert run("1", "a") == run("1", "b")
    assert run("1", "c") != run("2", "d")


def test_a_second_run_takes_its_answers_from_the_cache(iz: Iz) -> None:
    first, second = (result_of(iz(*QUICK, "--json")) for _ in range(2))
    assert first["calls"] > 0
    assert first["cached_calls"] == 0
    assert second["calls"] == 0
    assert second["cached_calls"] == first["calls"]
    assert second["cost_usd"] == 0
    ignored = ("calls", "cached_calls", "tokens", "cost_usd")
    assert without_times(first, *ignored) == without_times(second, *ignored)


def test_dry_run_says_the_cost_and_does_nothing(iz: Iz) -> None:
    process = iz(*QUICK, "--dry-run", "--json")
    # Rounds of at most 24, 16 and 16 instructions, halved after 1, 2, 4, 8 and 16 examples; four finalists on
    # 17 fresh ones; winner and three baselines on 38.
    rounds = (24 + 12 + 2 * 6 + 4 * 3 + 8 * 2 + 4) + 2 * (16 + 8 + 2 * 4 + 4 * 2 + 8 + 4)
    assert result_of(process)["estimate"]["calls"] == rounds + 4 * 17 + 4 * 38
    assert "at most" in process.stderr
    assert json.loads(iz("runs", "list", "--json").stdout) == {"runs": []}


@pytest.mark.parametrize("limit", [200, 333, 500])
def test_the_limit_on_calls_holds_and_the_best_is_still_tested(iz: Iz, limit: int, tmp_path: Path) -> None:
    log = tmp_path / "log"
    settings = ("--set", f"scorer.log={log}", "--set", "scorer.concurrency=8")
    result = result_of(iz(*QUICK, *settings, "--max-calls", str(limit), "--json"))
    assert result["calls"] <= limit
    assert len(log.read_text().split()) == result["calls"]
    assert result["best"]["test"]["n"] >= 5
    # The winner's exemplars alone are one more, where it has some.
    assert [each["name"] for each in result["baselines"]][:2] == ["no instruction", "generator unsteered"]


def test_the_limit_on_tokens_and_money_holds(iz: Iz, tmp_path: Path) -> None:
    result = result_of(iz(*QUICK, "--max-tokens", "6000", "--json", "--db", str(tmp_path / "tokens")))
    assert sum(result["tokens"].values()) <= 6000
    result = result_of(iz(*QUICK, "--max-cost", "0.007", "--json", "--db", str(tmp_path / "cost")))
    assert 0 < result["cost_usd"] <= 0.007


def test_pool_answers_which_of_my_prompts_is_best(iz: Iz, tmp_path: Path) -> None:
    prompts = write_lines(
        tmp_path / "prompts.txt",
        ["# mine", "Write the plural.", "", "Write it in reverse.", "Write the plural."],
    )
    process = iz("optimize", "mirror", "--generator", f"pool:{prompts}", "--scorer", "obedient", "--json")
    result = result_of(process)
    assert result["best"]["instruction"] == "Write it in reverse."
    assert result["trials"] == 2
    assert [b["name"] for b in result["baselines"]] == ["no instruction"]


def test_score_gives_an_interval(iz: Iz) -> None:
    arguments = ("score", "mirror", "--scorer", "obedient", "--set", "scorer.mistakes=0.2")
    result = result_of(iz(*arguments, "--instruction", "Write it in reverse.", "--json"))
    test = result["test"]
    assert test["low"] < test["score"] < test["high"]
    assert 0.6 < test["score"] < 0.95


def test_score_and_optimize_agree(iz: Iz) -> None:
    best = result_of(iz(*QUICK, "--json"))["best"]
    arguments = ("score", "mirror", "--scorer", "obedient", "--preset", "quick")
    again = result_of(iz(*arguments, "--instruction", best["instruction"], "--json"))
    assert again["test"] == best["test"]
    assert again["calls"] == 0


def test_runs_are_listed_shown_exported_and_deleted(iz: Iz, tmp_path: Path) -> None:
    run_id = result_of(iz(*QUICK, "--set", "evaluation.policy=full", "--json"))["run_id"]
    assert [run["run_id"] for run in result_of(iz("runs", "list", "--json"))["runs"]] == [run_id]
    shown = iz("runs", "show", "last")
    assert run_id in shown.stdout
    assert "Instruction: {instruction}" in shown.stdout
    lines = iz("runs", "export", run_id).stdout.splitlines()
    assert len(lines) == 56
    longest = max(map(json.loads, lines), key=lambda trial: len(trial["scores"]))
    assert len(longest["scores"]) == 20 + 17
    trial = iz("runs", "show", run_id, "--trial", str(longest["index"])).stdout
    assert "answer" in trial
    assert len(trial.splitlines()) > 20 + 17
    table = tmp_path / "trials.csv"
    assert iz("runs", "export", run_id, "--format", "csv", "-o", str(table)).returncode == 0
    assert len(table.read_text().splitlines()) == 57
    assert iz("runs", "delete", run_id, "--yes").returncode == 0
    assert result_of(iz("runs", "list", "--json")) == {"runs": []}


def test_a_failing_call_is_tried_again_and_costs_no_score(iz: Iz, tmp_path: Path) -> None:
    healthy = result_of(iz(*QUICK, "--json", "--db", str(tmp_path / "a")))
    faulty = result_of(iz(*QUICK, "--set", "scorer.faults=0.3", "--json", "--db", str(tmp_path / "b")))
    assert without_times(healthy) == without_times(faulty)


def test_calls_that_keep_failing_are_no_zero_scores_and_are_made_up_for(iz: Iz, tmp_path: Path) -> None:
    down = tmp_path / "down"
    down.touch()
    settings = ("--set", f"scorer.down={down}", "--set", "scorer.mistakes=0.2", "--set", "retries.tries=1")
    process = iz(*QUICK, *settings, "--set", "retries.max_failures=9999", "--json")
    assert_explained(process, "There is no score on", "Nobody at home", "iz resume", code=1)
    assert iz("runs", "export", "last").stdout == ""
    down.unlink()
    mended = result_of(iz("resume", "last", "--json"))
    healthy = result_of(iz(*QUICK, *settings, "--json", "--db", str(tmp_path / "healthy")))
    assert without_times(mended) == without_times(healthy)


def test_a_dead_scorer_stops_the_run_soon_and_the_run_is_kept(iz: Iz, tmp_path: Path) -> None:
    down = tmp_path / "down"
    down.touch()
    settings = ("--set", f"scorer.down={down}", "--set", "retries.tries=1")
    process = iz(*QUICK, *settings, "--json")
    assert_explained(process, "too little evidence", "Nobody at home", "iz resume", code=1)
    assert result_of(iz("runs", "list", "--json"))["runs"][0]["status"] == "failed"
    down.unlink()
    assert result_of(iz("resume", "last", "--json"))["status"] == "done"


@pytest.mark.parametrize(
    ("arguments", "mentions"),
    [
        (("optimize", "no/such/file.csv", *TOY), ("no/such/file.csv",)),
        (("optimize", "miror", *TOY), ("miror", "mirror")),
        (("optimize", "mirror", "--generator", "phrases", "--scorer", "obedent"), ("obedent", "obedient")),
        ((*QUICK[:-1], "quik"), ("quik", "quick")),
        ((*QUICK, "--metric", "exact_mach"), ("exact_mach", "exact_match")),
        ((*QUICK, "--set", "scorer.mistaks=1"), ("scorer.mistaks", "mistakes")),
        ((*QUICK, "--set", "scorer.mistakes=much"), ("scorer.mistakes",)),
        ((*QUICK, "--set", "scorer.mistakes=2"), ("scorer.mistakes",)),
        ((*QUICK, "--set", "search.batch=0"), ("search.batch",)),
        ((*QUICK, "--set", "serch.batch=3"), ("serch", "search")),
        ((*QUICK, "--set", "search.batsh=3"), ("search.batsh", "batch")),
        ((*QUICK, "--set", "search.batch"), ("search.batch", "key=value")),
        ((*QUICK, "--config", "absent.toml"), ("absent.toml",)),
        ((*QUICK, "--template", "Do {instruction}"), ("{input}",)),
        ((*QUICK, "--set", "task.size=9"), ("9 distinct examples", "11")),
        ((*QUICK, "--max-calls", "20"), ("20 calls are too few",)),
        ((*QUICK, "--max-calls", "0"), ("max-calls",)),
        (("optimize", "mirror", "--generator", "pool:absent.txt", "--scorer", "obedient"), ("absent.txt",)),
        (("optimize", "mirror", "--generator", "pool", "--scorer", "obedient"), ("file",)),
        (("runs", "show", "nothing"), ("nothing",)),
        (("runs", "show"), ("RUN",)),
        (("plugins", "show", "obedent"), ("obedient",)),
    ],
)
def test_mistakes_are_explained(
    iz: Iz, tmp_path: Path, arguments: tuple[str, ...], mentions: tuple[str, ...]
) -> None:
    assert_explained(iz(*arguments, cwd=tmp_path), *mentions)


def test_toml_mistakes_name_file_and_key(iz: Iz, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text("[search]\nbatch = 'many'\n")
    assert_explained(iz(*QUICK, "--config", str(config)), "search.batch")
    config.write_text("[search\n")
    assert_explained(iz(*QUICK, "--config", str(config)), str(config), "line 1")
    config.write_text("seed = -1\n")
    assert_explained(iz(*QUICK, "--config", str(config)), "seed")
    config.write_bytes(b"\xff\xfe\x00")
    assert_explained(iz(*QUICK, "--config", str(config)), str(config))


def test_the_command_line_wins_over_toml_and_toml_over_the_preset(iz: Iz, tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        'preset = "quick"\nseed = 5\n[search]\nbatch = 3\nrounds = 1\n[scorer]\nmistakes = 0.1\n'
    )
    arguments = (
        "optimize",
        "mirror",
        *TOY,
        "--config",
        str(config),
        "--set",
        "search.rounds=4",
        "--dry-run",
        "--json",
    )
    built = result_of(iz(*arguments))["config"]
    assert built["seed"] == 5
    size = {key: built["search"][key] for key in ("initial", "batch", "rounds")}
    assert size == {"initial": 24, "batch": 3, "rounds": 4}
    assert built["scorer"]["options"]["mistakes"] == 0.1


def test_other_databases_are_refused_and_left_alone(iz: Iz, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    before = foreign.read_bytes()
    assert_explained(iz(*QUICK, "--db", str(foreign)), "another program")
    assert foreign.read_bytes() == before
    text = tmp_path / "notes.txt"
    text.write_text("not a database at all, but long enough to be taken for one, perhaps" * 10)
    assert_explained(iz("runs", "list", "--db", str(text)), "notes.txt")
    newer = tmp_path / "newer.sqlite"
    assert iz("runs", "list", "--db", str(newer)).returncode == 0
    connection = sqlite3.connect(newer)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert_explained(iz("runs", "list", "--db", str(newer)), "newer izcore")
    assert_explained(iz("runs", "list", "--db", str(tmp_path)), "folder")


def test_some_of_the_runs_are_listed(iz: Iz, tmp_path: Path) -> None:
    write_lines(tmp_path / "other.csv", ["input,target", *(f"w{n},{n}w" for n in range(12))])
    small = ("--set", "splits.validation=4", "--set", "splits.test=4", "--set", "splits.retest=0")
    first = result_of(iz("optimize", str(tmp_path / "other.csv"), *TOY, *small, "--json"))["run_id"]
    second, third = (result_of(iz(*QUICK, "--seed", seed, "--json"))["run_id"] for seed in "12")

    def listed(*options: str) -> list[str]:
        return [run["run_id"] for run in result_of(iz("runs", "list", *options, "--json"))["runs"]]

    assert listed() == [third, second, first]
    assert listed("--task", "other") == [first]
    assert listed("--limit", "2") == [third, second]
    assert listed("--task", "mirror", "--status", "done", "--limit", "1") == [third]
    assert listed("--status", "failed") == []
    assert "without --task and --status" in iz("runs", "list", "--status", "failed").stdout
    table = iz("runs", "list", "--task", "other").stdout
    assert first in table
    assert table.splitlines()[0].split() == [
        *("run", "started", "status", "test", "calls", "cost", "preset", "scorer", "generator")
    ]
    assert_explained(iz("runs", "list", "--status", "don"), "--status", "Did you mean done")
    assert_explained(iz("runs", "list", "--limit", "0"), "--limit")
