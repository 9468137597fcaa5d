"""A current model with a known price; options out of range are refused, and keys are not repeated."""

from typing import get_args

import anthropic.types
import msgspec
import pytest

from izcore.plugin import UsageError
from izcore_anthropic import plugin
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.prices import list_price


def test_claude_has_a_current_model_with_a_known_price() -> None:
    (claude,) = [backend for backend in plugin.izcore_scorers() if backend.name == "claude"]
    model = claude.defaults["model"]
    (literals, _) = get_args(anthropic.types.Model)
    assert model in get_args(literals)
    assert list_price(model) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": 1.5},
        {"max_output_tokens": 0},
        {"stop": [""]},
        {"timeout": 0},
        {"concurrency": 0},
        {"reasoning_effort": "minimal"},
        {"price": {"input": -1, "output": 1}},
        {"api_key_env": "sk-ant-live-1234"},
        {"model": ""},
        {"api_key": "sk-ant-live-1234"},
    ],
)
def test_options_out_of_range_are_refused_without_repeating_them(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert({"model": "m", **wrong}, AnthropicOptions)
    assert "sk-ant-live" not in str(caught.value)


def test_usage_errors_leave_with_exit_code_2() -> None:
    assert UsageError.exit_code == 2
