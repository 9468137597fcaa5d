"""Which server, which key: from options and environment, checked before money is spent."""

import pytest

from izcore.plugin import UsageError
from izcore.plugin.http.endpoint import PLACEHOLDER_KEY
from izcore_openai.endpoint import OPENAI, endpoint_of
from izcore_openai.options import OpenAIOptions

KEY = {"OPENAI_API_KEY": "sk-test-1234"}


def test_openai_itself_by_default() -> None:
    endpoint = endpoint_of(OpenAIOptions(model="m"), KEY)
    assert (endpoint.base_url, endpoint.sent_key, endpoint.official) == (OPENAI.url, "sk-test-1234", True)


def test_the_environment_names_the_server_and_an_option_overrides_it() -> None:
    environ = {"OPENAI_BASE_URL": "http://127.0.0.1:8080/v1/"}
    assert endpoint_of(OpenAIOptions(model="m"), environ).base_url == "http://127.0.0.1:8080/v1"
    options = OpenAIOptions(model="m", base_url="http://localhost:9/v1")
    assert endpoint_of(options, environ).base_url == "http://localhost:9/v1"


def test_an_empty_variable_is_no_variable() -> None:
    assert endpoint_of(OpenAIOptions(model="m"), {**KEY, "OPENAI_BASE_URL": ""}).official
    with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
        endpoint_of(OpenAIOptions(model="m"), {"OPENAI_API_KEY": "  "})


def test_a_local_server_needs_no_key_and_gets_one_that_is_there() -> None:
    options = OpenAIOptions(model="m", base_url="http://localhost:8080/v1")
    assert endpoint_of(options, {}).sent_key == PLACEHOLDER_KEY
    assert endpoint_of(options, KEY).sent_key == "sk-test-1234"


def test_a_missing_key_says_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_of(OpenAIOptions(model="m"), {})
    assert "OPENAI_API_KEY" in caught.value.message
    assert "export OPENAI_API_KEY" in caught.value.hint
    assert "base_url" in caught.value.hint


def test_another_variable_can_hold_the_key() -> None:
    options = OpenAIOptions(model="m", base_url="http://localhost:1/v1", api_key_env="TEAM_KEY")
    assert endpoint_of(options, {**KEY, "TEAM_KEY": "abc"}).sent_key == "abc"
    with pytest.raises(UsageError, match="TEAM_KEY is not set"):
        endpoint_of(options, KEY)


@pytest.mark.parametrize("url", ["https://eu.api.openai.com/v1", "https://api.openai.com/v1/"])
def test_regional_hosts_are_openai_too(url: str) -> None:
    assert endpoint_of(OpenAIOptions(model="m", base_url=url), KEY).official


def test_azure_has_its_own_variables() -> None:
    options = OpenAIOptions(model="deployment", api_version="2025-04-01-preview")
    environ = {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com", "AZURE_OPENAI_API_KEY": "az"}
    endpoint = endpoint_of(options, {**KEY, **environ})
    assert (endpoint.base_url, endpoint.sent_key) == ("https://x.openai.azure.com", "az")
    with pytest.raises(UsageError, match="AZURE_OPENAI_API_KEY"):
        endpoint_of(options, {**KEY, "AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"})
    with pytest.raises(UsageError, match="no endpoint"):
        endpoint_of(options, KEY)


@pytest.mark.parametrize("key", ["sk-\u00e4", "sk 1", "sk\n1"])
def test_a_mangled_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint_of(OpenAIOptions(model="m"), {"OPENAI_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "ftp://x/v1", "http://", "http://:80/v1", "http://a:99999/v1", "http://a b/v1", "x"],
)
def test_what_is_no_url_is_a_usage_error_that_names_its_source(url: str) -> None:
    with pytest.raises(UsageError, match=r"scorer\.base_url"):
        endpoint_of(OpenAIOptions(model="m", base_url=url), KEY)
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        endpoint_of(OpenAIOptions(model="m"), {**KEY, "OPENAI_BASE_URL": url})
