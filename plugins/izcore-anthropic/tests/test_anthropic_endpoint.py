"""Which server, which key: from options and environment, checked before money is spent."""

import pytest

from izcore.plugin import Key, UsageError
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


def test_the_other_variable_of_the_sdk_is_read_where_no_key_is_set() -> None:
    token = {"ANTHROPIC_AUTH_TOKEN": "token-1234"}
    assert endpoint_of(AnthropicOptions(model="m"), token).key == Key("ANTHROPIC_AUTH_TOKEN", "token-1234")
    assert endpoint_of(AnthropicOptions(model="m"), {**token, **KEY}).sent_key == "sk-ant-test-1234"
    with pytest.raises(UsageError, match="TEAM_KEY is not set"):
        endpoint_of(AnthropicOptions(model="m", api_key_env="TEAM_KEY"), token)
