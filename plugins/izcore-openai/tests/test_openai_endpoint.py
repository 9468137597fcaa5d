"""Which server, which key: from options and environment, checked before money is spent."""

import pytest

from izcore.plugin import UsageError
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
