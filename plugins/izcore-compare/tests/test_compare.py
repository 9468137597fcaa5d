"""Comparisons: fair whatever the order, in one process or several, stopped and gone on with at any moment."""

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained, iz_command, result_of, write_lines
from support.rule_world import RuleWorld, obey
from support.servers.protocol_server import Behaviour, Call, Failure, ProtocolServer

import izcore
from izcore import IzError, RunRecord, UsageError
from izcore.testing import CommandConformance, Subject
from izcore_compare import ComparisonResult, MethodResult
from izcore_compare.comparison import plan_comparison
from izcore_compare.methods import read_methods

BACKENDS: dict[str, Any] = {"generator": "phrases", "scorer": "obedient", "metric": "same_letters"}
MISTAKES = 0.4
MAX_CALLS = 200
COMMAND = (
    *("compare", "mirror", "--seeds", "2", "--max-calls", str(MAX_CALLS)),
    *(word for name, value in BACKENDS.items() for word in (f"--{name}", value)),
    *("--set", f"scorer.mistakes={MISTAKES}"),
)
KILLS = 5


@pytest.fixture
def narrow(tmp_path: Path) -> str:
    """A method of one's own: few validation examples, another surrogate."""
    search = ["[search]", "initial = 6", "batch = 3", "rounds = 9"]
    lines = ['surrogate = "lattice"', 'evaluation.policy = "full"', "splits.validation = 8", *search]
    return str(write_lines(tmp_path / "narrow.toml", lines))


def compare(*methods: str, **more: Any) -> ComparisonResult:
    """Compare on the toy's task, with a scorer that makes mistakes."""
    scorer = {"mistakes": MISTAKES, **more.pop("scorer_options", {})}
    settings = {**more.pop("settings", {}), "scorer": scorer}
    options = {"seeds": 2, "max_calls": MAX_CALLS, **BACKENDS, **more}
    return izcore.compare("mirror", methods, settings=settings, **options)


def records(result: ComparisonResult) -> dict[str, list[RunRecord]]:
    """The runs of each method."""
    known = {run.id: run for run in izcore.runs()}
    return {method.name: [known[run] for run in method.runs] for method in result.methods}


def by_name(result: ComparisonResult) -> dict[str, MethodResult]:
    """What was found of each method, without the ids of runs."""
    return {m.name: MethodResult(name=m.name, test=m.test, calls=m.calls, runs=()) for m in result.methods}


class TestConformance(CommandConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_compare.plugin", name="compare")

    @pytest.fixture
    def mistaken(self) -> Sequence[str]:
        return (*COMMAND[1:], "--methods", "no-such-preset")

    @pytest.fixture
    def json_arguments(self) -> Sequence[str]:
        return (*COMMAND[1:], "--methods", "random,quick", "--dry-run", "--json")


def test_the_result_has_exactly_the_promised_fields(iz: Iz, narrow: str) -> None:
    process = iz(*COMMAND, "--methods", f"random, {narrow},quick", "--surrogate", "sobol", "--json")
    result = result_of(process)
    assert set(result) == {"task", "max_calls", "seeds", "methods", "pairs", "notes"}
    assert (result["task"], result["max_calls"], result["seeds"]) == ("mirror", MAX_CALLS, 2)
    assert [method["name"] for method in result["methods"]] == ["random", "narrow", "quick"]
    runs = {run.id: run for run in izcore.runs()}
    for method in result["methods"]:
        assert set(method) == {"name", "test", "calls", "runs"}
        assert set(method["test"]) == {"mean", "low", "high"}
        assert method["test"]["low"] <= method["test"]["mean"] <= method["test"]["high"]
        assert MAX_CALLS / 2 < method["calls"] <= MAX_CALLS
        assert [runs[run].config.seed for run in method["runs"]] == [0, 1]
        found = [runs[run].result for run in method["runs"]]
        tests = [run.best.test.score for run in found if run and run.best and run.best.test]
        assert method["test"]["mean"] == pytest.approx(sum(tests) / 2)
    means = {method["name"]: method["test"]["mean"] for method in result["methods"]}
    pairs = [(pair["a"], pair["b"]) for pair in result["pairs"]]
    assert pairs == [("random", "narrow"), ("random", "quick"), ("narrow", "quick")]
    for pair in result["pairs"]:
        assert set(pair) == {"a", "b", "difference", "p_value"}
        assert pair["difference"] == pytest.approx(means[pair["a"]] - means[pair["b"]])
        assert 0 <= pair["p_value"] <= 1
    assert "quick, seed 1: done, 6 of 6 runs" in process.stderr


def test_a_few_shot_method_is_compared_with_a_zero_shot_one(tmp_path: Path) -> None:
    few = str(write_lines(tmp_path / "few.toml", ["few_shot = { examples = 2, sets = 3 }"]))
    search = {"initial": 10, "batch": 5, "rounds": 1}
    useless = {"phrases": ["Say something nice.", "Be kind."]}
    settings = {"surrogate": "sobol", "search": search, "generator": {"name": "phrases", **useless}}
    result = compare("random", few, settings=settings, scorer_options={"mistakes": 0.0})
    zero, shown = result.methods
    # No phrase says what to do; exemplars show it.
    assert shown.test.mean == 1.0 > zero.test.mean
    for record in records(result)["few"]:
        assert record.result
        assert record.result.best
        assert record.result.best.exemplars
        assert set(record.result.best.exemplars) <= set(record.plan.splits.demonstrations)
    test_of = {name: [run.plan.splits.test for run in runs] for name, runs in records(result).items()}
    assert test_of["few"] == test_of["random"]


def test_all_methods_of_a_seed_share_their_examples(narrow: str) -> None:
    found = records(compare(narrow, "random"))
    for small, large in zip(found["narrow"], found["random"], strict=True):
        mine, theirs = small.plan.splits, large.plan.splits
        assert mine.test == theirs.test
        assert mine.demonstrations == theirs.demonstrations
        assert (len(mine.validation), len(theirs.validation)) == (8, 20)
        assert mine.validation == theirs.validation[:8]
    first, second = found["narrow"]
    assert first.plan.splits.test != second.plan.splits.test


def test_neither_order_nor_number_of_processes_matters(narrow: str, tmp_path: Path) -> None:
    methods = ("random", narrow)
    first = compare(*methods, db=tmp_path / "first.sqlite")
    backwards = compare(*methods[::-1], db=tmp_path / "backwards.sqlite")
    assert by_name(backwards) == by_name(first)
    parallel = compare(*methods, workers=2, db=tmp_path / "parallel.sqlite")
    assert by_name(parallel) == by_name(first)
    assert parallel.pairs == first.pairs
    known = {run.id: run for run in izcore.runs(db=tmp_path / "first.sqlite")}
    second = known[first.methods[1].runs[0]].result
    assert second is not None
    assert second.cached_calls > 0, "the methods share answers, or order could not matter"


def test_nothing_is_repeated_or_paid_again(tmp_path: Path) -> None:
    log = tmp_path / "log"
    watched = {"scorer_options": {"log": str(log)}, "settings": {"surrogate": "sobol"}}
    first = compare("random", "quick", **watched)
    paid = log.read_text()
    assert compare("random", "quick", **watched) == first
    assert log.read_text() == paid
    # One more method and one more seed add their own runs alone.
    more = compare("random", "quick", "default", **watched, seeds=3)
    assert [method.runs[:2] for method in more.methods[:2]] == [method.runs for method in first.methods]
    # Another budget is another comparison.
    other = compare("random", "quick", **watched, max_calls=150)
    assert not {r for m in other.methods for r in m.runs} & {r for m in more.methods for r in m.runs}


def nobody_is_left(group: int) -> bool:
    """Wait until no process of a group is left; False after ten seconds."""
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killing_a_comparison_at_any_moment_loses_nothing(narrow: str, tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    slow = ("--set", "scorer.seconds=0.01", "--set", "scorer.concurrency=4", "--set", f"scorer.log={log}")
    arguments = iz_command(*COMMAND, *slow, "--methods", f"random,{narrow}", "--workers", workers, "--json")
    moments = random.Random(3)
    for kills in range(KILLS + 1):
        process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        if kills < KILLS:
            time.sleep(moments.uniform(0.9, 1.6))
            process.kill()  # the parent alone: its workers must end with it, and let go of their runs
            process.wait()
            assert nobody_is_left(process.pid)
    output, _ = process.communicate(timeout=120)
    result = json.loads(output)
    runs = izcore.runs()
    assert sorted(run.id for run in runs) == sorted(r for m in result["methods"] for r in m["runs"])
    assert all(run.status == "done" for run in runs)
    if workers == "1":  # runs at the same time may both pay for an answer
        answered = log.read_text().split()
        # What was in flight when a process died is asked again, at most 4 calls each time.
        assert len(answered) - len(set(answered)) <= 4 * KILLS


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_stops_everything_and_the_same_command_goes_on(
    iz: Iz, narrow: str, workers: str, tmp_path: Path
) -> None:
    slow = ("--set", "scorer.seconds=0.04", "--set", "scorer.concurrency=8", "--workers", workers)
    arguments = (*COMMAND, *slow, "--methods", f"random,{narrow}", "--json")
    process = subprocess.Popen(
        iz_command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not any(izcore.progress(run.id).trials for run in izcore.runs()):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert (process.returncode, output) == (130, "")
    assert re.search(r"Stopped; \d of 4 runs are finished", errors)
    assert "same command goes on" in errors
    assert "Traceback" not in errors
    begun = izcore.runs()
    assert "interrupted" in {run.status for run in begun}
    assert {run.status for run in begun} <= {"interrupted", "done"}
    result = result_of(iz(*arguments))
    assert {run.id for run in begun} <= {run for method in result["methods"] for run in method["runs"]}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_fails_stops_the_comparison(narrow: str, tmp_path: Path, workers: int) -> None:
    down = tmp_path / "down"
    failing: dict[str, Any] = {
        "scorer_options": {"down": str(down)},
        "settings": {"retries": {"tries": 1, "max_failures": 2}},
        "workers": workers,
    }
    finished = compare("random", narrow, **failing, seeds=1)
    down.touch()
    with pytest.raises(IzError, match="seed 1: 2 calls in a row failed") as caught:
        compare("random", narrow, **failing)
    assert "the same command goes on" in caught.value.hint
    down.unlink()
    result = compare("random", narrow, **failing)
    assert [method.runs[:1] for method in result.methods] == [method.runs for method in finished.methods]


def test_runs_go_on_after_a_change_only_where_it_is_accepted(tmp_path: Path) -> None:
    down = tmp_path / "down"
    pool = write_lines(tmp_path / "pool.txt", ["Say it twice.", "Count the letters."])
    options: dict[str, Any] = {
        "generator": f"pool:{pool}",
        "scorer_options": {"down": str(down)},
        "settings": {"retries": {"tries": 1, "max_failures": 2}},
        "seeds": 1,
        "max_calls": 60,
    }
    down.touch()
    with pytest.raises(IzError):
        compare("random", "quick", **options)
    down.unlink()
    pool.write_text(pool.read_text() + "Write the plural.\n")
    with pytest.raises(IzError, match="depends on changed"):
        compare("random", "quick", **options)
    first, other = records(compare("random", "quick", **options, accept_changes=True)).values()
    assert [change.accepted for change in first[0].changes] == [True]
    assert other[0].changes == (), "it was begun after the change"


def test_one_seed_compares_two_winners_by_their_examples(tmp_path: Path) -> None:
    for name, phrase in (("good", "Write the input in reverse."), ("poor", "Write the plural.")):
        lines = ['surrogate = "sobol"', "[generator]", 'name = "phrases"', f'phrases = ["{phrase}"]']
        write_lines(tmp_path / f"{name}.toml", lines)
    result = compare(str(tmp_path / "good.toml"), str(tmp_path / "poor.toml"), seeds=1)
    (pair,) = result.pairs
    assert pair.difference > 0.2
    assert pair.p_value < 0.01
    good, poor = result.methods
    assert good.test.low > poor.test.high


def test_plots_are_written_and_their_extra_calls_kept(narrow: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    watched: dict[str, Any] = {"scorer_options": {"log": str(log)}}
    plain = compare("random", narrow, **watched)
    before = log.read_text()
    for name, workers in (("a.png", 2), ("b.svg", 1)):
        assert compare("random", narrow, **watched, plot=tmp_path / name, workers=workers) == plain
        if name == "a.png":
            assert len(log.read_text()) > len(before), "instructions that led for a time were tested"
            before = log.read_text()
    assert log.read_text() == before
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "b.svg").read_text()


def test_curves_follow_the_leaders(narrow: str, tmp_path: Path) -> None:
    policies = {"full": {}, "halving": {"evaluation": {"policy": "halving", "first": 2}}}
    for policy, settings in policies.items():
        result = compare("random", narrow, plot=tmp_path / "c.png", settings=settings)
        for record in records(result)["narrow"]:
            led = izcore.trajectory(record.id)
            leads, calls = led.incumbents, led.calls
            scores = {tested.guidance for tested in izcore.run(record.id).test_scores}
            assert record.result is not None
            assert record.result.best is not None
            assert leads[-1].guidance == record.result.best.guidance
            assert [lead.calls for lead in leads] == sorted({lead.calls for lead in leads})
            assert (leads[0].calls == 8) is (policy == "full"), "halving judges a round as a whole"
            tested = (1 + len(record.result.baselines)) * len(record.plan.splits.test)
            asked = record.result.calls + record.result.cached_calls
            assert asked - tested <= calls <= asked
            assert scores >= {lead.guidance for lead in leads}


def test_mistakes_cost_nothing(tmp_path: Path, iz: Iz) -> None:
    log = tmp_path / "log"

    def refused(*methods: str, **more: Any) -> str:
        with pytest.raises(UsageError) as caught:
            compare(*methods, **{"scorer_options": {"log": str(log)}, **more})
        return str(caught.value)

    def toml(name: str, *lines: str) -> str:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        return str(write_lines(tmp_path / name, lines))

    assert "Did you mean default?" in refused("default", "defualt")
    assert "at least two methods" in refused("random")
    assert "missing.toml: no such file" in refused("random", "missing.toml")
    assert "at least one seed" in refused("random", "quick", seeds=0)
    assert "at least one is needed" in refused("random", "quick", workers=0)
    assert "random: budget.max_calls: 9 calls are too few" in refused("random", "quick", max_calls=9)
    assert "PNG or SVG" in refused("random", "quick", plot=tmp_path / "x.pdf")
    assert "no folder" in refused("random", "quick", plot=tmp_path / "none" / "x.png")
    (tmp_path / "folder.png").mkdir()
    assert "cannot be written" in refused("random", "quick", plot=tmp_path / "folder.png")
    assert "limited: budget.max_cost" in refused("random", toml("limited.toml", "budget.max_cost = 1.0"))
    assert "same settings" in refused("quick", toml("twin.toml", 'preset = "quick"'))
    assert "named 'twin'" in refused(toml("twin.toml"), toml("elsewhere/twin.toml"))
    graded = toml("graded.toml", 'metric = "contains"')
    assert "differ in their metric: random has exact_match" in refused("random", graded, metric=None)
    assert not log.exists()
    assert_explained(iz(*COMMAND, "--methods", "random", "--plot", "x.pdf"), "at least two methods")
    assert_explained(iz(*COMMAND, "--methods", "random,quick", "--seeds", "0"), "--seeds")


def test_a_dry_run_estimates_what_is_left_and_pays_nothing(iz: Iz, narrow: str, tmp_path: Path) -> None:
    both = ("--methods", f"random,{narrow}")
    planned = result_of(iz(*COMMAND, *both, "--dry-run", "--json"))
    assert (planned["task"], planned["runs"], planned["waiting"]) == ("mirror", 4, 4)
    assert 3 * MAX_CALLS < planned["estimate"]["calls"] <= 4 * MAX_CALLS
    assert izcore.runs() == []
    result_of(iz(*COMMAND, *both, "--json"))
    shown = iz(*COMMAND, *both, "--seeds", "3", "--dry-run")
    assert shown.stdout == ""
    assert "2 methods x 3 seeds, 4 done already" in shown.stderr


def test_the_table_fits_eighty_columns(iz: Iz, tmp_path: Path) -> None:
    long = write_lines(tmp_path / f"{'very-' * 18}long.toml", ['surrogate = "lattice"'])
    process = iz(*COMMAND, "--seeds", "1", "--methods", f"random,{long}", env={"COLUMNS": "80"})
    assert process.returncode == 0, process.stderr
    assert max(map(len, process.stdout.splitlines())) <= 80
    assert "".join(process.stdout.split()).count("very-") >= 30
    assert process.stdout.startswith("mirror: 1 seed, at most")
    assert "One seed" in process.stdout


def make_it_version_2(connection: sqlite3.Connection) -> None:
    """Take back what later versions added, in tables and in stored configurations."""
    for run_id, text in connection.execute("SELECT id, config FROM runs").fetchall():
        config = json.loads(text)
        del config["reasoning"]
        policy = config["evaluation"].pop("policy")
        config["evaluation"] |= {"policy": policy["name"], **policy["options"]}
        connection.execute("UPDATE runs SET config = ? WHERE id = ?", (json.dumps(config), run_id))
    connection.commit()
    connection.executescript(
        "ALTER TABLE proposals DROP COLUMN asked; ALTER TABLE proposals DROP COLUMN ended;"
        "DROP TABLE test_scores; DROP TABLE comparisons;"
        "ALTER TABLE completions DROP COLUMN reasoning; DROP TABLE claims;"
        "ALTER TABLE completions DROP COLUMN usage_capped; PRAGMA user_version = 2;"
    )


def test_a_database_of_the_version_before_is_brought_up_to_date(narrow: str, tmp_path: Path) -> None:
    db = tmp_path / "runs.sqlite"
    first = compare("random", narrow)
    connection = sqlite3.connect(db)
    newest = connection.execute("PRAGMA user_version").fetchone()
    assert newest[0] > 2
    make_it_version_2(connection)
    assert compare("random", narrow) == first
    assert connection.execute("PRAGMA user_version").fetchone() == newest
    assert connection.execute("SELECT count(*) FROM test_scores").fetchone() == (0,)
    connection.close()


def test_an_example_that_one_run_set_aside_counts_for_no_run_of_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted-0123456789abcdef")
    failed = 0

    def fails_at_first(call: Call) -> Behaviour:
        nonlocal failed
        if bad not in call.prompt or failed == 4:
            return obey(call)
        failed += 1
        return Failure(500)

    with ProtocolServer(behave=fails_at_first) as server:
        world = RuleWorld(tmp_path, server)
        bad = f"{world.splits().test[0].input}\n"
        result = world.compare("quick", "random", seeds=1, max_calls=300)
        runs = [izcore.run(method.runs[0], db=world.db) for method in result.methods]
    assert [tested.scores[0] is None for run in runs for tested in run.test_scores] == [True] * 2 + [
        False
    ] * 2
    assert [run.result.best.test.n for run in runs if run.result and run.result.best] == [19, 20]
    assert result.methods[0].test == result.methods[1].test
    assert result.notes == (
        "quick, seed 0: 1 of 20 test examples (5%; 1 because calls failed for good) set aside.",
    )


def test_methods_lie_over_own_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    own = 'preset = "paper"\nbaselines = ["Mine."]\n[splits]\ntest = 7\n[search]\ninitial = 3\nbatch = 3\n'
    (tmp_path / "izcore.toml").write_text(own)
    (tmp_path / "more.toml").write_text(
        'preset = "random"\nbaselines = ["Its own."]\n[search]\ninitial = 5\n'
    )
    registry = izcore.discover()
    methods = read_methods(registry, ["random", str(tmp_path / "more.toml")])
    common = izcore.settings_layers(
        "mirror", with_own_defaults=False, settings={"search.batch": 4}, **BACKENDS
    )
    planned = plan_comparison(registry, methods, common, seeds=1, max_calls=200, db=tmp_path / "runs.sqlite")
    configs = [run.planned.config for run in planned.runs]
    assert [config.preset for config in configs] == ["random", "random"]
    assert [config.search.initial for config in configs] == [3, 5]
    assert {config.search.batch for config in configs} == {4}
    assert {config.baselines for config in configs} == {("Mine.",)}
    assert {len(run.planned.plan.splits.test) for run in planned.runs} == {7}
