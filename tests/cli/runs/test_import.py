"""``iz runs export --bundle`` and ``iz runs import``: a run moves, and goes on from another folder."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from support import Iz, assert_explained, result_of, write_lines

pytest.importorskip("izcore_tasks", reason="the run's task is a CSV file")

SMALL = ("--set", "splits.validation=5", "--set", "splits.test=5", "--json")


@pytest.fixture
def run(tmp_path: Path, iz: Iz) -> str:
    """A run of relative paths, begun in the folder ``begun`` and stopped before its test."""
    folder = tmp_path / "begun"
    folder.mkdir()
    write_lines(folder / "pairs.csv", ["input,output", *(f"w{number},{number}w" for number in range(30))])
    write_lines(folder / "prompts.txt", ["Write the input in reverse.", "Write it twice."])
    chosen = ("--generator", "pool:prompts.txt", "--scorer", "obedient", "--metric", "exact_match")
    run_id = result_of(iz("optimize", "pairs.csv", *chosen, *SMALL, cwd=folder))["run_id"]
    with sqlite3.connect(os.environ["IZ_DB"]) as db:
        db.execute("UPDATE runs SET status = 'interrupted', result = NULL")
    db.close()
    return str(run_id)


def test_a_run_goes_on_from_another_folder(tmp_path: Path, iz: Iz, run: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert result_of(iz("resume", run, "--json", cwd=tmp_path / "elsewhere"))["status"] == "done"
    shown = result_of(iz("runs", "show", run, "--json"))
    assert shown["config"]["generator"]["options"]["file"] == "prompts.txt"


def test_a_run_whose_files_are_gone_says_where_it_began(tmp_path: Path, iz: Iz, run: str) -> None:
    (tmp_path / "begun" / "pairs.csv").unlink()
    assert_explained(iz("resume", run, cwd=tmp_path), "pairs.csv", f"began in {tmp_path / 'begun'}")


def test_a_run_moves_in_one_file_to_where_other_files_are(tmp_path: Path, iz: Iz, run: str) -> None:
    there = tmp_path / "there"
    shutil.copytree(tmp_path / "begun", there)
    shutil.rmtree(tmp_path / "begun")
    file, db = str(tmp_path / "run.bundle"), ("--db", str(there / "runs.sqlite"))
    assert_explained(iz("runs", "export", run, "--bundle", file, "--format", "json"), "--bundle")
    assert iz("runs", "export", run, "--bundle", file).returncode == 0
    assert_explained(iz("runs", "export", run, "--bundle", file), "is there already", "--force")
    assert result_of(iz("runs", "import", file, *db, "--json"))["run_id"] == run
    assert_explained(iz("runs", "import", file, *db), "already")
    assert result_of(iz("resume", run, *db, "--json", cwd=there))["status"] == "done"
