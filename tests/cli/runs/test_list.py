"""``iz runs list``: every run in a line, whatever became of it, and thousands in no time."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support import TOY, Iz, assert_explained, result_of

MANY = 5_000
SMALL = ("--set", "search.initial=4", "--set", "search.batch=2", "--set", "search.rounds=1")


@pytest.fixture
def run(tmp_path: Path, iz: Iz) -> str:
    """A finished run in the database of this test."""
    return str(result_of(iz("optimize", "mirror", *TOY, *SMALL, "--json"))["run_id"])


def change(tmp_path: Path, *statements: str) -> None:
    with sqlite3.connect(tmp_path / "runs.sqlite") as db:
        for statement in statements:
            db.execute(statement)
    db.close()


def copied(count: int) -> tuple[str, str]:
    """Statements that multiply the one run, with an example as long as a page and its trials."""
    numbers = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {count})"
    page = "replace(plan, '\"notes\":[]', '\"notes\":[\"' || printf('%.9000c', 'x') || '\"]')"
    columns = "task, status, config, generator_state, result, seconds"
    return (
        f"{numbers} INSERT INTO runs (id, created, {columns}, plan)"
        f" SELECT printf('copy-%05d', x), created + x, {columns}, {page} FROM runs, n",
        f"{numbers} INSERT INTO trials SELECT printf('copy-%05d', x), trial_index, trial FROM trials, n",
    )


def test_a_damaged_run_is_listed_shown_and_deleted(tmp_path: Path, iz: Iz, run: str) -> None:
    change(
        tmp_path,
        copied(1)[0],
        "UPDATE runs SET config = replace(config, '600.0', 'null') WHERE id = 'copy-00001'",
    )
    listed = iz("runs", "list")
    assert listed.returncode == 0, listed.stderr
    words = {line.split()[0]: line.split()[3] for line in listed.stdout.splitlines()[1:]}
    assert words == {"copy-00001": "damaged", run: "done"}
    in_json = {each["run_id"]: each for each in result_of(iz("runs", "list", "--json"))["runs"]}
    assert "max_total" in in_json["copy-00001"]["damage"]
    assert in_json[run]["result"]["trials"] == 6

    for command in (("runs", "show"), ("runs", "export"), ("resume",)):
        refused = iz(*command, "last")
        assert_explained(refused, "copy-00001 is damaged", "max_total", "iz runs delete copy-00001")
    assert iz("runs", "delete", "last", "--yes").returncode == 0
    assert_explained(iz("runs", "show", "copy-00001"), "There is no run")
    assert iz("runs", "show", run).returncode == 0


def test_thousands_of_runs_are_listed_in_a_moment(tmp_path: Path, run: str) -> None:
    change(tmp_path, *copied(MANY))
    script = "import sys; sys.argv[1:] = ['runs', 'list']; from izcore.cli import main; main()"
    before = sum(_times_of_children())
    listed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(listed.stdout.splitlines()) == 1 + MANY + 1
    # Its own time: a machine that does other work beside it says nothing about it.
    assert sum(_times_of_children()) - before < 2.0


def _times_of_children() -> tuple[float, float]:
    times = os.times()
    return times.children_user, times.children_system
