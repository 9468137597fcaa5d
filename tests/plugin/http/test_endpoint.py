"""Which server, which key: from options and environment, checked before money is spent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Provider, UsageError, check_url, find_endpoint
from izcore.plugin.http.endpoint import PLACEHOLDER_KEY

PROVIDER = Provider(
    name="Ours",
    url="https://api.ours.example/v1",
    host="ours.example",
    url_variable="OURS_BASE_URL",
    key_variables=("OURS_API_KEY",),
    example_url="http://127.0.0.1:8080/v1",
)
KEY = {"OURS_API_KEY": "sk-test-1234"}
LOCAL = "http://localhost:8080/v1"


@pytest.fixture(autouse=True)
def empty_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


def test_the_provider_itself_by_default() -> None:
    endpoint = find_endpoint(PROVIDER, KEY)
    assert (endpoint.base_url, endpoint.sent_key, endpoint.official) == (PROVIDER.url, "sk-test-1234", True)


@pytest.mark.parametrize("url", ["https://eu.ours.example/v1", "https://ours.example/"])
def test_sub_domains_are_the_provider_too(url: str) -> None:
    assert find_endpoint(PROVIDER, KEY, base_url=url).official


@pytest.mark.parametrize("url", ["https://notours.example", "https://ours.example.evil.org", LOCAL])
def test_other_hosts_are_not_the_provider(url: str) -> None:
    assert not find_endpoint(PROVIDER, KEY, base_url=url).official


def test_the_environment_names_the_server_and_an_option_overrides_it() -> None:
    environ = {"OURS_BASE_URL": "http://127.0.0.1:8080/v1/"}
    assert find_endpoint(PROVIDER, environ).base_url == "http://127.0.0.1:8080/v1"
    assert find_endpoint(PROVIDER, environ, base_url=LOCAL).base_url == LOCAL


def test_an_empty_variable_is_no_variable() -> None:
    assert find_endpoint(PROVIDER, {**KEY, "OURS_BASE_URL": ""}).official
    with pytest.raises(UsageError, match="OURS_API_KEY is not set"):
        find_endpoint(PROVIDER, {"OURS_API_KEY": "  "})


def test_a_local_server_needs_no_key_and_gets_one_that_is_there() -> None:
    assert find_endpoint(PROVIDER, {}, base_url=LOCAL).sent_key == PLACEHOLDER_KEY
    assert find_endpoint(PROVIDER, KEY, base_url=LOCAL).sent_key == "sk-test-1234"


def test_a_missing_key_says_what_to_do() -> None:
    with pytest.raises(UsageError) as caught:
        find_endpoint(PROVIDER, {})
    assert "OURS_API_KEY" in caught.value.message
    assert "export OURS_API_KEY" in caught.value.hint
    assert "base_url" in caught.value.hint


def test_another_variable_can_hold_the_key() -> None:
    environ = {**KEY, "TEAM_KEY": "abc"}
    assert find_endpoint(PROVIDER, environ, base_url=LOCAL, key_variable="TEAM_KEY").sent_key == "abc"
    with pytest.raises(UsageError, match="TEAM_KEY is not set"):
        find_endpoint(PROVIDER, KEY, base_url=LOCAL, key_variable="TEAM_KEY")


@pytest.mark.parametrize("key", ["sk-\u00e4", "sk 1", "sk\n1"])
def test_a_mangled_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_endpoint(PROVIDER, {"OURS_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "ftp://x/v1", "http://", "http://:80/v1", "http://a:99999/v1", "http://a b/v1", "x"],
)
def test_what_is_no_url_is_a_usage_error_that_names_its_source(url: str) -> None:
    with pytest.raises(UsageError, match=r"scorer\.base_url"):
        find_endpoint(PROVIDER, KEY, base_url=url)
    with pytest.raises(UsageError, match="OURS_BASE_URL"):
        find_endpoint(PROVIDER, {**KEY, "OURS_BASE_URL": url})


@pytest.mark.parametrize(
    "url", ["https://me:s3cret@host/v1", "https://host/v1?api-key=s3cret", "://u:s3cret@h"]
)
def test_a_url_with_a_secret_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_url(url, "scorer.base_url", example=PROVIDER.example_url)
    assert "s3cret" not in str(caught.value)


@given(st.text(max_size=60) | st.from_regex(r"https?://[^ ]{0,40}", fullmatch=True))
def test_any_text_is_a_url_or_a_usage_error(text: str) -> None:
    try:
        checked = check_url(text, "scorer.base_url", example=PROVIDER.example_url)
    except UsageError:
        return
    assert text.startswith(checked)
    assert checked.lower().startswith(("http://", "https://"))
