"""What a run depends on is recorded, and a run does not go on unnoticed where it changed."""

import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from support import Iz, assert_explained, result_of, write_lines

import izcore
from izcore.engine.dependencies import changes_between
from izcore.storage.records import Dependency
from izcore.storage.store import Store

SETTINGS = {"splits": {"test": 5}, "search": {"initial": 4, "batch": 2, "rounds": 1}}
FUNCTION = "def similar(answer, targets):\n    return float(answer in targets)\n"
FILE, FUNCTION_SOURCE = "content of generator.file", "source of metric.path"
PROMPTS = ("Write the input in reverse.", "Write the input twice.", "Write nothing.")


def reopen(database: Path) -> str:
    """Let a finished run have begun where its database is and stopped before its test; return its name."""
    with sqlite3.connect(database) as db:
        folder = str(database.parent)
        db.execute("UPDATE runs SET status = 'interrupted', result = NULL, folder = ?", (folder,))
        db.execute("DELETE FROM test_scores")
        ((name,),) = db.execute("SELECT id FROM runs").fetchall()
    db.close()
    return str(name)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, its file of prompts and its metric function."""
    folder = tmp_path_factory.mktemp("begun")
    write_lines(folder / "prompts.txt", PROMPTS)
    (folder / "similarity_here.py").write_text(FUNCTION)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        izcore.optimize(
            "mirror",
            generator="pool:prompts.txt",
            scorer="obedient",
            metric="function:similarity_here:similar",
            settings=SETTINGS,
            db="runs.sqlite",
        )
    return folder


@pytest.fixture
def database(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "similarity_here", raising=False)
    return tmp_path / "runs.sqlite"


@pytest.fixture
def run(database: Path) -> str:
    """The run in a folder of this test, stopped before its test."""
    return reopen(database)


@pytest.fixture
def changed(database: Path, run: str) -> Callable[..., None]:
    """Let the run have begun under other conditions."""

    def change(name: str, value: str, decisive: str) -> None:
        with Store(database) as store:
            record = store.run(run)
            others = [each for each in record.dependencies if each.name != name]
            assert len(others) < len(record.dependencies), record.dependencies
            store.change_dependencies(
                record, [*others, Dependency(name=name, value=value, decisive=decisive)], ()
            )

    return change


def test_everything_that_decides_about_answers_is_recorded(database: Path, run: str) -> None:
    with Store(database) as store:
        recorded = {each.name: each for each in store.run(run).dependencies}
    assert recorded.keys() >= {
        "task",
        "content of generator.file",
        "source of metric.path",
        "izcore",
        "izcore-toy",
        "Python",
    }
    assert any(name.startswith("scorer.") for name in recorded)
    assert recorded[FILE].value.startswith("prompts.txt (sha256 ")
    assert recorded["Python"].decisive == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert recorded["scipy"].value.startswith(recorded["scipy"].decisive)
    assert recorded["rich"].decisive == ""


@pytest.mark.parametrize(
    ("file", "name"),
    [("prompts.txt", "content of generator.file"), ("similarity_here.py", "source of metric.path")],
)
def test_a_changed_file_is_refused_until_it_is_accepted(
    tmp_path: Path, iz: Iz, run: str, file: str, name: str
) -> None:
    before = (tmp_path / file).read_text()
    (tmp_path / file).write_text(f"{before}# The end.\n")
    shown = result_of(iz("runs", "show", run, "--json"))
    refused = iz("resume", run, "--max-calls", "9999", cwd=tmp_path)
    assert_explained(refused, name, "then", "now", f"iz resume {run} --accept-changes")
    assert result_of(iz("runs", "show", run, "--json")) == shown

    accepted = result_of(iz("resume", run, "--accept-changes", "--json", cwd=tmp_path))
    assert [(each["name"], each["accepted"]) for each in accepted["changes"]] == [(name, True)]
    assert f"{name} changed from" in " ".join(iz("runs", "show", run).stdout.split())


def test_what_was_put_back_is_no_change(tmp_path: Path, database: Path, run: str) -> None:
    file = tmp_path / "prompts.txt"
    before = file.read_text()
    file.write_text("Write the input in capitals.\n")
    with pytest.raises(izcore.UsageError, match=rf"{FILE}: prompts\.txt \(sha256 .* then, "):
        izcore.resume(run, db=database)
    file.write_text(before)
    assert izcore.resume(run, db=database).changes == ()


@pytest.mark.parametrize(
    ("name", "value", "decisive"),
    [("Python", "3.9.1", "3.9"), ("izcore-toy", "0.1.0", "0.1.0"), ("task", "sha256 77", "77")],
)
def test_a_change_is_refused_by_its_name_with_both_values(
    database: Path, run: str, changed: Callable[..., None], name: str, value: str, decisive: str
) -> None:
    changed(name, value, decisive)
    with pytest.raises(izcore.UsageError, match=f"{name}: {value} then, .* now"):
        izcore.resume(run, db=database)
    result = izcore.resume(run, accept_changes=True, db=database)
    assert [(each.name, each.before, each.accepted) for each in result.changes] == [(name, value, True)]


def test_another_endpoint_is_refused(database: Path, run: str, changed: Callable[..., None]) -> None:
    with Store(database) as store:
        name = next(each.name for each in store.run(run).dependencies if each.name.startswith("scorer."))
    changed(name, "elsewhere", "elsewhere")
    with pytest.raises(izcore.UsageError, match=f"{name}: elsewhere then, "):
        izcore.resume(run, db=database)


def test_a_patch_release_is_noted_alone(database: Path, run: str, changed: Callable[..., None]) -> None:
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    changed("Python", f"{minor}.99", minor)
    result = izcore.resume(run, db=database)
    assert [(each.name, each.before, each.accepted) for each in result.changes] == [
        ("Python", f"{minor}.99", False)
    ]


def test_another_version_of_a_library_is_noted_unless_a_backend_says_that_it_matters(
    database: Path, run: str, changed: Callable[..., None]
) -> None:
    changed("rich", "1.2.3", "")
    changed("scipy", "0.1.2", "0.1")
    with pytest.raises(izcore.UsageError, match=r"scipy: 0\.1\.2 then, ") as caught:
        izcore.resume(run, db=database)
    assert "rich" not in caught.value.message
    noted = {
        each.name: each.accepted for each in izcore.resume(run, accept_changes=True, db=database).changes
    }
    assert noted == {"rich": False, "scipy": True}


def test_a_run_of_an_older_version_goes_on_and_is_recorded_from_then_on(database: Path, run: str) -> None:
    with sqlite3.connect(database) as db:
        db.execute("UPDATE runs SET dependencies = '[]'")
    db.close()
    assert izcore.resume(run, db=database).changes == ()
    with Store(database) as store:
        assert {"task", "Python"} <= {each.name for each in store.run(run).dependencies}


def test_what_is_gone_is_a_change_and_what_is_new_is_none() -> None:
    def dependencies(*names: str) -> Iterable[Dependency]:
        return [Dependency(name=name, value=name, decisive=name) for name in names]

    (change,) = changes_between([*dependencies("a", "b")], [*dependencies("b", "c")])
    assert msgspec.structs.astuple(change) == ("a", "a", "nothing", True)
