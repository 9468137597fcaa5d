"""Databases of older versions open, show and export their runs, and killed runs end as they would have."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from support import Iz, result_of

pytest.importorskip("izcore_tasks", reason="the runs' task is a CSV file")

DATABASES = Path(__file__).parent / "databases"
SCHEMAS = sorted(path.name.removesuffix(".json") for path in DATABASES.glob("schema-*.json"))
RUNS = [
    pytest.param(schema, run, id=f"{schema}-{run}")
    for schema in SCHEMAS
    for run in json.loads((DATABASES / f"{schema}.json").read_text())["runs"]
]
SAYS_THE_SAME = ("trials", "unique_instructions", "calls", "cached_calls", "tokens")
"""Names of baselines and sentences may be put better since. The cost is compared where it can be."""
PUT_BETTER = ("name", "p_value")
"""Older versions did not correct p-values for the number of baselines."""
COSTLESS = "schema-1"
"""It did not keep what an answer cost, so that a run that goes on does not know what it cost before."""


@pytest.fixture
def old_iz(iz: Iz, tmp_path: Path, schema: str) -> Any:
    """Run ``iz`` on a copy of the database, where the task's file is, and return what it prints as JSON."""
    db = tmp_path / "old.sqlite"
    db.write_bytes(gzip.decompress((DATABASES / f"{schema}.sqlite.gz").read_bytes()))
    return lambda *arguments: iz(*arguments, "--db", str(db), cwd=DATABASES)


def expected(schema: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((DATABASES / f"{schema}.json").read_text())
    return said


def true_status(then: dict[str, Any]) -> str:
    """Older versions went on saying of a killed run that it was running."""
    return "interrupted" if then["status"] == "running" else str(then["status"])


def assert_as_expected(shown: dict[str, Any], expected: dict[str, Any], *more: str) -> None:
    assert shown["status"] == true_status(expected)
    trials = [(t["candidate"]["instruction"], t["scores"]) for t in shown["trials_list"]]
    assert trials == [(t["instruction"], t["scores"]) for t in expected["trials"]]
    result, before = shown["result"], expected["result"]
    if before is None:
        assert result is None
        return
    same = (*SAYS_THE_SAME, *more)
    assert {key: result[key] for key in same} == {key: before[key] for key in same}
    best, then_best = dict(result["best"]), dict(before["best"])
    if best["validation"]["fresh"] and "fresh" not in then_best["validation"]:
        # Older versions told the score on all examples, those that chose it too.
        assert best.pop("validation")["n"] < then_best.pop("validation")["n"]
    assert as_far_as(then_best, best) == then_best
    for baseline, then in zip(result["baselines"], before["baselines"], strict=True):
        assert {key: baseline[key] for key in then if key not in PUT_BETTER} == {
            key: value for key, value in then.items() if key not in PUT_BETTER
        }
        assert baseline["p_value"] >= then["p_value"]


def as_far_as(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return what is told now, without the fields that were not told before."""
    return {
        key: as_far_as(then, now[key]) if isinstance(then, dict) else now[key] for key, then in before.items()
    }


@pytest.mark.parametrize("schema", SCHEMAS)
def test_all_runs_are_listed(schema: str, old_iz: Any) -> None:
    listed = result_of(old_iz("runs", "list", "--json"))["runs"]
    statuses = {run["run_id"]: run["status"] for run in listed}
    for run, then in expected(schema)["runs"].items():
        assert statuses[run] == true_status(then)
    assert old_iz("runs", "list").returncode == 0


@pytest.mark.parametrize(("schema", "run"), RUNS)
def test_a_run_is_shown_exported_and_resumed(schema: str, run: str, old_iz: Any) -> None:
    then = expected(schema)["runs"][run]
    assert_as_expected(result_of(old_iz("runs", "show", run, "--json")), then, "cost_usd")
    page = " ".join(old_iz("runs", "show", run).stdout.split())
    assert then["trials"][0]["instruction"] in page
    for form, heading in (("jsonl", 0), ("csv", 1)):
        exported = old_iz("runs", "export", run, "--format", form)
        assert exported.returncode == 0, exported.stderr
        assert len(exported.stdout.splitlines()) == heading + len(then["trials"])
    if "resumed" in then:
        result_of(old_iz("resume", run, "--json"))
        shown = result_of(old_iz("runs", "show", run, "--json"))
        assert_as_expected(shown, then["resumed"], *(() if schema == COSTLESS else ("cost_usd",)))


@pytest.mark.parametrize("schema", ["schema-3"])
def test_the_runs_of_a_comparison_are_shown(schema: str, old_iz: Any) -> None:
    for method in expected(schema)["comparison"]["methods"]:
        shown = [result_of(old_iz("runs", "show", run, "--json")) for run in method["runs"]]
        assert {each["status"] for each in shown} == {"done"}
        assert {each["config"]["preset"] for each in shown} == {method["name"]}
        tested = [each["result"]["best"]["test"]["score"] for each in shown]
        assert sum(tested) / len(tested) == pytest.approx(method["test"]["mean"])
