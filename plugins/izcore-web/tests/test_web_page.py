"""The page of a run in a real browser: what is sorted, filtered and shown, and that no text in it runs."""

import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.browser import Tab
from support.sample_report import GIVEN, INSTRUCTIONS, hostile, run_of, unfinished

import izcore
from izcore_web.pages import run_page

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>&amp;</pre></script><!--</title></style>"
    "{{ 7*7 }}{% raw %}\u202e\x00\x1b[31m${alert(3)}"
)


def texts(page: Any, selector: str) -> list[str]:
    """The texts of what is shown of a selector, in order."""
    found: list[str] = page.eval_on_selector_all(
        selector, "all => all.filter(e => e.offsetParent !== null).map(e => e.innerText.trim())"
    )
    return found


def test_the_answer_comes_first(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()), tmp_path)
    first = page.inner_text("#result")
    for shown in (
        "Better than given (+0.25",
        "0.75",
        "0.60 to 0.85",
        INSTRUCTIONS[1],
        "$1.25",
        GIVEN,
        "0.01",
    ):
        assert shown in first, shown
    sections = page.eval_on_selector_all("main > section", "all => all.map(e => e.id)")
    assert sections == ["result", "search", "trials", "answers", "settings"]
    settings = page.inner_text("#settings")
    assert "The column was guessed." in settings
    assert "0.1.0" in settings
    assert {url.split(":")[0] for url in tab.asked} == {"file"}
    assert len(tab.asked) == 1, "it needs nothing but itself"


def test_trials_are_sorted_and_filtered(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()), tmp_path)
    numbers = "#trial-table tbody tr td:first-child"
    assert texts(page, numbers)[0] == "1", "the winner is first"
    page.click("#trial-table th:nth-child(3) button")
    assert texts(page, numbers) == ["3", "2", "1", "0"]
    assert page.get_attribute("#trial-table th:nth-child(3)", "aria-sort") == "descending"
    page.click("#trial-table th:nth-child(3) button")
    assert texts(page, numbers) == ["0", "1", "2", "3"]
    page.fill("#trials input[type=search]", "KIND")
    assert texts(page, numbers) == ["2"]
    assert page.inner_text("#trials output") == "1 of 4"


def test_a_long_table_is_short_until_all_is_asked_for(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of(trials=48)), tmp_path)
    rows = "#trial-table tbody tr"
    assert len(texts(page, rows)) == 20
    page.fill("#trials input[type=search]", "kind")
    assert len(texts(page, rows)) == 12, "what is searched for is not cut"
    page.fill("#trials input[type=search]", "")
    page.click("text=Show all 48 trials")
    assert len(texts(page, rows)) == 48


def test_changes_against_the_users_prompt_are_marked(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()), tmp_path)
    cell = "#trial-table tr.mine .diff"
    assert page.inner_text(cell) == INSTRUCTIONS[1]
    page.check("text=Changes against your prompt")
    assert texts(page, f"{cell} ins")[0].startswith("that shall answer")
    assert GIVEN in page.inner_text("#trials .note")


def test_wrong_answers_regressions_and_gains(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()), tmp_path)
    places = "#answers .answer h3"
    regressions = ["Example 0", "Example 4", "Example 8"]
    assert texts(page, places)[:3] == regressions, "regressions come first"
    assert len(texts(page, places)) == 12
    page.check("[value=wrong]", force=True)
    assert texts(page, places) == regressions
    page.check("[value=better]", force=True)
    assert texts(page, places) == [f"Example {n}" for n in (1, 3, 5, 7, 9, 11)]
    page.select_option("#answers select[name=class]", label="delivery")
    assert texts(page, places) == ["Example 1", "Example 7"]
    answer = page.inner_text("#answers .answer >> nth=0")
    assert "message 1" in answer
    assert "✓ right" in answer
    assert "✗ wrong" in answer
    page.click("#answers .answer summary >> nth=0")
    assert "thought 1" in page.inner_text("#answers .answer >> nth=0")


def test_a_number_of_the_confusion_table_shows_its_answers(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()), tmp_path)
    page.click("text=Targets against answers")
    tables = "#answers .confusion table"
    assert page.locator(tables).count() == 2
    heads = texts(page, f"{tables} >> nth=0 >> thead th")
    assert sorted(heads) == ["billing", "delivery", "other", "technical"]
    page.click('#answers .confusion button[aria-label*="target billing, answered other"] >> nth=0')
    assert texts(page, "#answers .answer h3") == ["Example 0"]
    assert "answered “other”" in page.inner_text("#answers output")


@pytest.mark.parametrize("text", [HOSTILE, "<img/src=x/onerror=alert(1)>"], ids=["long", "a label"])
def test_no_text_runs_or_breaks_the_page(text: str, tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(hostile(run_of(), text)), tmp_path)
    page.check("text=Changes against your prompt")
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    assert page.eval_on_selector_all("script", "all => all.length") == 2
    assert page.eval_on_selector_all("img, iframe, object, [onerror]", "all => all.length") == 0
    shown = text[:25]
    for place in ("h1", "#prompt", ".standings", "#trial-table", "#answers .answer >> nth=0", "#settings"):
        assert shown in page.inner_text(place), place
    if text != HOSTILE:
        assert shown in page.inner_text("#answers .confusion")
    else:
        assert "\\x1b[31m" in page.inner_text("#prompt")
        assert "49" not in page.inner_text("#prompt")
    assert "\u202e" not in page.content()
    assert len(texts(page, "#answers .answer")) == 12


def test_the_policy_stops_scripts_that_somebody_adds(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of()).replace("</main>", "<script>window.ran = 1</script></main>"), tmp_path)
    assert page.evaluate("window.ran") is None
    assert any("Content Security Policy" in each for each in tab.wrong)
    tab.wrong.clear()


def test_ten_thousand_answers_stay_quick(tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(run_of(10_000)), tmp_path)
    assert len(texts(page, "#answers .answer")) == 50
    begun = time.monotonic()
    page.fill("#answers input[type=search]", "message 9999")
    assert texts(page, "#answers .answer h3") == ["Example 9999"]
    page.fill("#answers input[type=search]", "")
    page.check("[value=wrong]", force=True)
    assert page.inner_text("#answers output") == "2500 of 10000"
    page.click('[data-step="1"]')
    assert page.inner_text("[data-page]") == "page 2 of 50"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("status", ["running", "interrupted", "failed", "out_of_budget"])
def test_a_run_without_an_end_says_so_and_shows_what_there_is(status: str, tab: Tab, tmp_path: Path) -> None:
    page = tab.open(run_page(unfinished(run_of(), status)), tmp_path)
    first = page.inner_text("#result")
    assert ("at work" if status == "running" else "not finished") in first
    assert "4 trials" in first
    assert "rather too high" in first
    assert "Answers on validation examples" in page.inner_text("#answers")
    nothing = msgspec.structs.replace(unfinished(run_of(), status), trials=(), splits=None)
    assert "no score yet" in tab.open(run_page(nothing), tmp_path).inner_text("#result")


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_a_page_fits_phones_and_follows_the_colour_scheme(
    width: int, scheme: str, browser: Any, tmp_path: Path
) -> None:
    small = Tab(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = small.open(run_page(run_of()), tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    light = int(page.evaluate("getComputedStyle(document.body).backgroundColor").split("(")[1].split(",")[0])
    assert (light > 128) == (scheme == "light")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    small.close()
    assert small.wrong == []


def test_a_run_of_an_older_version_has_a_page(tab: Tab, tmp_path: Path) -> None:
    run = run_of()
    older = msgspec.structs.replace(
        run,
        test_scores=tuple(
            msgspec.structs.replace(each, answers=(), finishes=(), reasonings=()) for each in run.test_scores
        ),
    )
    assert isinstance(older, izcore.Run)
    assert "on validation examples" in tab.open(run_page(older), tmp_path).inner_text("#answers h2")
