"""``iz db``: what it says, and that it overwrites nothing unasked."""

from pathlib import Path

from support import TOY, Iz, assert_explained, result_of

SMALL = ("--set", "search.initial=4", "--set", "search.batch=2", "--set", "search.rounds=1")


def test_a_backup_is_a_database_of_its_own(tmp_path: Path, iz: Iz) -> None:
    run = result_of(iz("optimize", "mirror", *TOY, *SMALL, "--json"))["run_id"]
    copy = tmp_path / "copy.sqlite"
    done = iz("db", "backup", str(copy))
    assert (done.returncode, done.stdout) == (0, "")
    assert str(copy) in done.stderr
    listed = result_of(iz("runs", "list", "--db", str(copy), "--json"))["runs"]
    assert [each["run_id"] for each in listed] == [run]
    assert_explained(iz("db", "backup", str(copy)), "is there already", "--force")
    assert iz("db", "backup", str(copy), "--force").returncode == 0


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, iz: Iz) -> None:
    assert_explained(iz("db", "backup", str(tmp_path / "copy.sqlite")), "no such database")
    assert not list(tmp_path.glob("*.sqlite"))
