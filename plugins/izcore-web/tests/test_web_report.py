"""``iz report``: a file for every run, and one clear line for every mistake."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained

import izcore
from izcore.testing import CommandConformance, ExporterConformance, Subject

SMALL: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "quick",
    "settings": {
        "search": {"initial": 8, "rounds": 0},
        "splits": {"validation": 4, "retest": 3, "test": 5},
    },
}


class TestReportConformance(CommandConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_web.plugin", name="report")

    @pytest.fixture
    def mistaken(self) -> Sequence[str]:
        return ("no-such-run",)


class TestHtmlConformance(ExporterConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_web.plugin", name="html")


@pytest.fixture
def run() -> str:
    return izcore.optimize("mirror", baselines=["Write it backwards."], **SMALL).run_id


def test_a_run_becomes_a_file_of_its_name(iz: Iz, run: str, tmp_path: Path) -> None:
    process = iz("report", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert process.stdout == f"{run}.html\n"
    file = tmp_path / f"{run}.html"
    page = file.read_text()
    assert "Write it backwards." in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert iz("runs", "export", run, "-o", "same.html", cwd=tmp_path).returncode == 0
    assert (tmp_path / "same.html").read_text() == page


def test_a_file_that_is_there_stays_unless_it_is_forced(iz: Iz, run: str, tmp_path: Path) -> None:
    file = tmp_path / "there.html"
    file.write_text("mine")
    assert_explained(iz("report", run, "-o", str(file)), "is there already", "--force")
    assert file.read_text() == "mine"
    assert iz("report", run, "-o", str(file), "--force").returncode == 0
    assert "<!doctype html>" in file.read_text()


def test_mistakes_are_one_clear_line(iz: Iz, run: str, tmp_path: Path) -> None:
    assert_explained(iz("report", "nobody"), "no run 'nobody'")
    assert_explained(iz("report", run, "-o", str(tmp_path)), "is a folder")
    assert_explained(iz("report", run, "-o", str(tmp_path / "none" / "a.html")), "cannot be written")
