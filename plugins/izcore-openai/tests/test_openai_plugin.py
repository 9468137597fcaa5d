"""Options out of range are refused, and keys among them are not repeated."""

from pathlib import Path

import msgspec
import pytest

import izcore
from izcore.plugin import UsageError
from izcore_openai.options import OpenAIOptions


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 3},
        {"max_output_tokens": 0},
        {"stop": ["a", "b", "c", "d", "e"]},
        {"stop": [""]},
        {"timeout": 0},
        {"concurrency": 0},
        {"reasoning_effort": "huge"},
        {"price": {"input": -1, "output": 1}},
        {"api_key_env": "sk-live-1234"},
        {"model": ""},
        {"api_key": "sk-live-1234"},
    ],
)
def test_options_out_of_range_are_refused_without_repeating_them(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"model": "m", **wrong}, OpenAIOptions)
    assert "sk-live" not in str(caught.value)


def test_usage_errors_leave_with_exit_code_2() -> None:
    assert UsageError.exit_code == 2


def test_a_plan_needs_no_key_and_a_run_without_one_never_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IZ_DB", str(tmp_path / "runs.sqlite"))
    monkeypatch.setenv("IZ_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "plurals.csv"
    data.write_text("input,target\n" + "".join(f"word {n},words {n}\n" for n in range(40)), encoding="utf-8")
    pool = tmp_path / "pool.txt"
    pool.write_text("Write the plural.\nWrite it in the plural.\n", encoding="utf-8")
    plan = izcore.plan(str(data), scorer="openai:gpt-4o-mini", generator=f"pool:{pool}", max_cost=1.0)
    assert plan.estimate.expected.cost_usd is not None
    with pytest.raises(UsageError, match="No API key"):
        izcore.check_ready(plan)
    with pytest.raises(UsageError, match="No API key"):
        izcore.execute(plan)
    assert izcore.runs() == []
