"""Which server, which key: from options and environment, checked before money is spent."""

import pytest

from izcore.plugin import Key, UsageError
from izcore.plugin.http.endpoint import PLACEHOLDER_KEY
from izcore_anthropic.endpoint import ANTHROPIC, endpoint_of
from izcore_anthropic.options import AnthropicOptions

KEY = {"ANTHROPIC_API_KEY": "sk-ant-test-1234"}


def test_anthropic_itself_by_default() -> None:
    endpoint = endpoint_of(AnthropicOptions(model="m"), KEY)
    assert (endpoint.base_url, endpoint.sent_key, endpoint.official) == (
        ANTHROPIC.url,
        "sk-ant-test-1234",
        True,
    )


def test_the_environment_names_the_server_and_an_option_overrides_it() -> None:
    environ = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080/v1/"}
    assert endpoint_of(AnthropicOptions(model="m"), environ).base_url == "http://127.0.0.1:8080"
    options = AnthropicOptions(model="m", base_url="http://localhost:9/proxy")
    assert endpoint_of(options, environ).base_url == "http://localhost:9/proxy"


def test_an_empty_variable_is_no_variable() -> None:
    assert endpoint_of(AnthropicOptions(model="m"), {**KEY, "ANTHROPIC_BASE_URL": ""}).official
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY is not set"):
        endpoint_of(AnthropicOptions(model="m"), {"ANTHROPIC_API_KEY": "  "})


def test_a_local_server_needs_no_key_and_gets_one_that_is_there() -> None:
    options = AnthropicOptions(model="m", base_url="http://localhost:8080/v1")
    assert endpoint_of(options, {}).sent_key == PLACEHOLDER_KEY
    assert endpoint_of(options, KEY).sent_key == "sk-ant-test-1234"


def test_a_missing_key_says_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_of(AnthropicOptions(model="m"), {})
    assert "ANTHROPIC_API_KEY" in caught.value.message
    assert "export ANTHROPIC_API_KEY" in caught.value.hint
    assert "base_url" in caught.value.hint


def test_another_variable_can_hold_the_key() -> None:
    options = AnthropicOptions(model="m", base_url="http://localhost:1/v1", api_key_env="TEAM_KEY")
    assert endpoint_of(options, {**KEY, "TEAM_KEY": "abc"}).sent_key == "abc"
    with pytest.raises(UsageError, match="TEAM_KEY is not set"):
        endpoint_of(options, KEY)


def test_the_other_variable_of_the_sdk_is_read_where_no_key_is_set() -> None:
    token = {"ANTHROPIC_AUTH_TOKEN": "token-1234"}
    assert endpoint_of(AnthropicOptions(model="m"), token).key == Key("ANTHROPIC_AUTH_TOKEN", "token-1234")
    assert endpoint_of(AnthropicOptions(model="m"), {**token, **KEY}).sent_key == "sk-ant-test-1234"
    with pytest.raises(UsageError, match="TEAM_KEY is not set"):
        endpoint_of(AnthropicOptions(model="m", api_key_env="TEAM_KEY"), token)


@pytest.mark.parametrize("key", ["sk-ant-\u00e4", "sk 1", "sk\n1"])
def test_a_mangled_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_of(AnthropicOptions(model="m"), {"ANTHROPIC_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "ftp://x/v1", "http://", "http://:80/v1", "http://a:99999/v1", "http://a b/v1", "x"],
)
def test_what_is_no_url_is_a_usage_error_that_names_its_source(url: str) -> None:
    with pytest.raises(UsageError, match=r"scorer\.base_url"):
        endpoint_of(AnthropicOptions(model="m", base_url=url), KEY)
    with pytest.raises(UsageError, match="ANTHROPIC_BASE_URL"):
        endpoint_of(AnthropicOptions(model="m"), {**KEY, "ANTHROPIC_BASE_URL": url})
