"""Registration is light, and the registered backend is the scorer."""

import importlib
import subprocess
import sys
from typing import get_args

import anthropic.types
import msgspec
import pytest

from izcore.plugin import API_VERSION, UsageError
from izcore_anthropic import plugin
from izcore_anthropic.options import AnthropicOptions
from izcore_anthropic.prices import list_price

HEAVY = ("openai", "anthropic", "httpx", "httpx2", "torch", "pydantic")


def test_registration_imports_no_sdk() -> None:
    program = f"import sys, izcore_anthropic.plugin; print([m for m in {HEAVY} if m in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_the_backend_names_a_factory_that_exists() -> None:
    assert plugin.IZCORE_API == API_VERSION
    for backend in plugin.izcore_scorers():
        module, _, name = backend.factory.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
        assert backend.argument in [field.name for field in msgspec.structs.fields(backend.options)]


def test_claude_has_a_current_model_with_a_known_price() -> None:
    (claude,) = [backend for backend in plugin.izcore_scorers() if backend.name == "claude"]
    model = claude.defaults["model"]
    (literals, _) = get_args(anthropic.types.Model)
    assert model in get_args(literals)
    assert list_price(model) is not None


def test_every_option_says_what_it_means() -> None:
    info = msgspec.inspect.type_info(AnthropicOptions)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        assert isinstance(field.type, msgspec.inspect.Metadata), field.name
        assert (field.type.extra_json_schema or {}).get("description"), field.name


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
