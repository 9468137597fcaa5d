"""Options out of range are refused, and keys among them are not repeated."""

import msgspec
import pytest

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
