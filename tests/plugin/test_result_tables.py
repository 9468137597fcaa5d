"""A result is a table: its rows for data frames, and what a notebook shows of it."""

import msgspec

import izcore
from izcore.plugin.calls import Usage

TEST = izcore.TestScore(score=0.75, low=0.5, high=0.9, n=20)
HOSTILE = '<script>alert(1)</script>"&'
RESULT = izcore.RunResult(
    run_id="r1",
    task=HOSTILE,
    status="done",
    seed=0,
    best=izcore.Best(
        instruction=HOSTILE, validation=izcore.ValidationScore(score=0.8, n=10, fresh=True), test=TEST
    ),
    baselines=(
        izcore.Baseline(
            name="empty", instruction="", test=TEST, difference=0.25, p_value=0.01, adjusted_p_value=0.02
        ),
    ),
    trials=3,
    unique_instructions=2,
    calls=1234,
    cached_calls=5,
    tokens=Usage(),
    cost_usd=None,
    seconds=1.0,
    conclusion=f"Better. {HOSTILE}",
    notes=(HOSTILE,),
)


def test_winner_and_baselines_are_rows() -> None:
    winner, empty = RESULT.rows()
    assert (winner["run"], winner["name"], winner["test"], winner["p_value"]) == ("r1", "winner", 0.75, None)
    assert (empty["name"], empty["difference"], empty["p_value"], empty["n"]) == ("empty", 0.25, 0.02, 20)
    assert winner.keys() == empty.keys()
    assert msgspec.structs.replace(RESULT, best=None, baselines=()).rows() == []


def test_a_notebook_shows_them_and_runs_no_script() -> None:
    shown = RESULT._repr_html_()
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&amp;") == 4
    assert "1,234 calls paid, 5 from the cache, price unknown" in shown
    assert "<td>0.250</td><td>0.020</td>" in shown


def test_a_result_without_a_winner_is_shown() -> None:
    untested = msgspec.structs.replace(RESULT, best=None, baselines=())
    assert "<table>" not in untested._repr_html_()
    assert "Better." in untested._repr_html_()
