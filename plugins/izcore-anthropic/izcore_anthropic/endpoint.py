"""Where calls go and with which key: options and environment in, one checked endpoint out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from izcore.plugin import Key, UsageError, check_url, find_key, how_to_give
from izcore_anthropic.options import AnthropicOptions

OFFICIAL_URL = "https://api.anthropic.com"
EXAMPLE_URLS = f"{OFFICIAL_URL} or http://127.0.0.1:8080"
TOKEN_ENV = "ANTHROPIC_AUTH_TOKEN"
"""The SDK's other variable, which many gateways ask for; it sends either in the same header."""

PLACEHOLDER_KEY = "no-key-needed"
"""Sent where a server needs no key; the SDK insists on one."""


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the protocol, and the key for it (never shown)."""

    base_url: str
    key: Key

    @property
    def official(self) -> bool:
        """Whether this is Anthropic itself."""
        return urlsplit(self.base_url).hostname == "api.anthropic.com"

    @property
    def label(self) -> str:
        """How messages call the server."""
        return "Anthropic" if self.official else f"The server at {self.base_url}"

    @property
    def sent_key(self) -> str:
        """What the SDK is given as the key."""
        return self.key.value or PLACEHOLDER_KEY


def find_endpoint(options: AnthropicOptions, environ: Mapping[str, str]) -> Endpoint:
    """Return the endpoint that options and environment name.

    Raises UsageError for a URL that is none, and where a key is needed and missing: Anthropic needs one,
    other servers only if ``api_key_env`` says so.
    """
    source = "scorer.base_url" if options.base_url else "ANTHROPIC_BASE_URL"
    url = options.base_url or environ.get("ANTHROPIC_BASE_URL", "").strip() or OFFICIAL_URL
    key_env = options.api_key_env or "ANTHROPIC_API_KEY"
    key = find_key(key_env, environ)
    if not key and not options.api_key_env:
        # The order of the SDK.
        key = find_key(TOKEN_ENV, environ) or key
    # The SDK adds /v1 itself; many people write it, as other clients want it.
    endpoint = Endpoint(check_url(url, source, example=EXAMPLE_URLS).removesuffix("/v1"), key)
    if not key and (endpoint.official or options.api_key_env):
        raise UsageError(
            f"No API key: the environment variable {key_env} is not set.",
            hint=f"{how_to_give(key_env)}, or name another variable with scorer.api_key_env. "
            "A local server needs no key: set scorer.base_url or ANTHROPIC_BASE_URL.",
        )
    return endpoint
