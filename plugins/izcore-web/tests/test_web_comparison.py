"""The page of a comparison: what was found, as far as there is something."""

from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained
from support.browser import Tab
from support.sample_report import hostile, run_of, unfinished

import izcore
from izcore_web.pages import comparison_page

RECORD = izcore.ComparisonRecord(
    id="compare-tickets-1a2b3c4d",
    created=1_795_000_000.0,
    task="tickets",
    max_calls=200,
    seeds=2,
    runs={"quick": ("a", "b"), "random": ("c", "d")},
)
RESULT = {
    "methods": [
        {"name": "quick", "test": {"mean": 0.9, "low": 0.8, "high": 0.97}, "calls": 190, "runs": ["a", "b"]},
        {"name": "random", "test": {"mean": 0.6, "low": 0.5, "high": 0.7}, "calls": 180, "runs": ["c", "d"]},
    ],
    "pairs": [{"a": "quick", "b": "random", "difference": 0.3, "p_value": 0.012}],
    "notes": [],
}


def test_a_comparison_is_kept_and_reported(iz: Iz, tmp_path: Path) -> None:
    pytest.importorskip("izcore_compare")
    settings: dict[str, Any] = {"scorer": {"mistakes": 0.4}}
    backends = {"generator": "phrases", "scorer": "obedient", "metric": "same_letters"}
    result = izcore.compare(
        "mirror", ["quick", "random"], seeds=1, max_calls=120, settings=settings, **backends
    )
    with izcore.Reader() as reader:
        (kept,) = reader.comparisons()
    assert kept.runs == {method.name: method.runs for method in result.methods}
    assert kept.result is not None
    process = iz("report", kept.id[:-2], cwd=tmp_path)
    assert process.stdout == f"{kept.id}.html\n", process.stderr
    page = (tmp_path / f"{kept.id}.html").read_text()
    for method in result.methods:
        assert f"{method.test.mean:.2f}" in page
        assert method.runs[0] in page


def test_what_differs_is_said_first(tab: Tab, tmp_path: Path) -> None:
    runs = {"quick": [run_of(), run_of()], "random": [run_of(), run_of()]}
    done = izcore.ComparisonRecord(
        **{name: getattr(RECORD, name) for name in RECORD.__struct_fields__ if name != "result"},
        result=RESULT,
    )
    page = tab.open(comparison_page(done, runs), tmp_path)
    assert "quick is better than random (+0.30, p = 0.012)." in page.inner_text("#result")
    assert page.inner_text("#result tbody tr >> nth=0").startswith("quick")
    assert "0.80 to 0.97" in page.inner_text("#result")
    assert page.locator("#run-table tbody tr").count() == 4
    half = comparison_page(RECORD, {"quick": [run_of()], "random": [unfinished(run_of())]})
    page = tab.open(half, tmp_path)
    assert "Not finished: 1 of 4 runs are done." in page.inner_text("#result")


def test_no_text_of_a_comparison_runs(tab: Tab, tmp_path: Path) -> None:
    text = "<img/src=x/onerror=alert(1)>$x$"
    record = izcore.ComparisonRecord(
        id="compare-a", created=1.0, task=text, max_calls=1, seeds=1, runs={text: ("a",), "_b": ("b",)}
    )
    page = tab.open(comparison_page(record, {text: [hostile(run_of(), text)], "_b": [run_of()]}), tmp_path)
    assert page.locator("img").count() == 0
    assert text in page.inner_text("h1")
    assert text in (page.text_content("#search svg") or "")


def test_a_comparison_without_finished_runs_is_one_clear_line(iz: Iz) -> None:
    izcore.keep_comparison(RECORD)
    assert_explained(iz("report", "compare-t"), "has no finished run yet")
    assert_explained(iz("report", "compare-other"), "no comparison 'compare-other'")
