"""Where calls go and with which key: options and environment in, one checked endpoint out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from izcore.plugin import UsageError
from izcore_openai.options import OpenAIOptions

OFFICIAL_URL = "https://api.openai.com/v1"
PLACEHOLDER_KEY = "no-key-needed"
"""Sent where a server needs no key; the SDK insists on one."""


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the protocol, and the key for it (never shown)."""

    base_url: str
    key: str = field(repr=False)
    key_env: str
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
    def has_key(self) -> bool:
        """Whether a real key is sent."""
        return self.key != PLACEHOLDER_KEY

    def scrub(self, text: str) -> str:
        """Return ``text`` without the key."""
        return text.replace(self.key, "[key]") if self.has_key else text


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
    key = environ.get(key_env, "").strip()
    endpoint = Endpoint(check_url(url, source), key or PLACEHOLDER_KEY, key_env, options.api_version)
    if not key and (endpoint.official or azure or options.api_key_env):
        raise UsageError(
            f"No API key: the environment variable {key_env} is not set.",
            hint=f"export {key_env}=…, or name another variable with scorer.api_key_env. "
            "A local server needs no key: set scorer.base_url or OPENAI_BASE_URL.",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"{key_env}: its value cannot be a key; it holds spaces or characters that no key has.",
            hint="Copy the key again.",
        )
    return endpoint


def check_url(url: str, source: str) -> str:
    """Return ``url`` without a slash at its end; raise UsageError, naming ``source``, if it is not usable."""
    example = f"Write it like {OFFICIAL_URL} or http://127.0.0.1:8080/v1"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isprintable() or " " in url:
        # What stands before an @ may be a password.
        shown = repr(url.rpartition("@")[2])
        raise UsageError(f"{source}: {shown} is not a URL of a server.", hint=example)
    if parts.username or parts.password or "@" in parts.netloc:
        raise UsageError(
            f"{source}: a URL must not hold a user name or password.",
            hint="Put the key into an environment variable and name it with scorer.api_key_env.",
        )
    if parts.query or parts.fragment:
        raise UsageError(
            f"{source}: a URL with ? or # cannot be the base of others.",
            hint=f"{example}. Azure's api-version is the option scorer.api_version.",
        )
    return url.rstrip("/")
