"""Where calls go and with which key: options and environment in, one checked endpoint out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from izcore.plugin import Key, UsageError, check_url, find_key, how_to_give
from izcore_openai.options import OpenAIOptions

OFFICIAL_URL = "https://api.openai.com/v1"
EXAMPLE_URLS = f"{OFFICIAL_URL} or http://127.0.0.1:8080/v1"
PLACEHOLDER_KEY = "no-key-needed"
"""Sent where a server needs no key; the SDK insists on one."""


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the protocol, and the key for it (never shown)."""

    base_url: str
    key: Key
    api_version: str = ""

    @property
    def official(self) -> bool:
        """Whether this is OpenAI itself (its regional hosts included)."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "api.openai.com" or host.endswith(".api.openai.com")

    @property
    def label(self) -> str:
        """How messages call the server."""
        return "OpenAI" if self.official else f"The server at {self.base_url}"

    @property
    def sent_key(self) -> str:
        """What the SDK is given as the key."""
        return self.key.value or PLACEHOLDER_KEY


def find_endpoint(options: OpenAIOptions, environ: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that options and environment name.

    Raises UsageError for a URL that is none, and where a key is needed and missing: OpenAI and Azure need
    one, other servers only if ``api_key_env`` says so.
    """
    azure = bool(options.api_version)
    url_env = "AZURE_OPENAI_ENDPOINT" if azure else "OPENAI_BASE_URL"
    source = "scorer.base_url" if options.base_url else url_env
    url = options.base_url or environ.get(url_env, "").strip() or ("" if azure else OFFICIAL_URL)
    if not url:
        raise UsageError(
            "scorer.api_version: it asks for Azure, but no endpoint is given.",
            hint="Set scorer.base_url or AZURE_OPENAI_ENDPOINT, such as https://NAME.openai.azure.com",
        )
    key_env = options.api_key_env or ("AZURE_OPENAI_API_KEY" if azure else "OPENAI_API_KEY")
    key = find_key(key_env, environ)
    endpoint = Endpoint(check_url(url, source, example=EXAMPLE_URLS), key, options.api_version)
    if not key and (endpoint.official or azure or options.api_key_env):
        raise UsageError(
            f"No API key: the environment variable {key_env} is not set.",
            hint=f"{how_to_give(key_env)}, or name another variable with scorer.api_key_env. "
            "A local server needs no key: set scorer.base_url or OPENAI_BASE_URL.",
        )
    return endpoint
