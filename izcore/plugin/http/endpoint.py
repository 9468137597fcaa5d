"""Where calls go and with which key: options and environment in, one checked endpoint out."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from izcore.plugin.errors import UsageError
from izcore.plugin.http.keys import Key, find_key, how_to_give
from izcore.plugin.record import Record
from izcore.plugin.secrets import could_be_key

PLACEHOLDER_KEY = "no-key-needed"
"""Sent where a server needs no key; many clients insist on one."""


class Provider(Record):
    """What a provider of models is called, and where its addresses and keys come from.

    ``name`` is what messages call it. ``url`` is the address of its own service; empty where every user has
    one of their own. ``host`` is the host of its own service, whose sub-domains count too. ``url_variable``
    is the environment variable of the address. ``key_variables`` are those of the key; the first one that is
    set counts. ``example_url`` is shown in hints. ``needs_key`` says that every server of this protocol
    needs a key, not only the provider's own.
    """

    name: str
    url: str
    host: str
    url_variable: str
    key_variables: tuple[str, ...]
    example_url: str
    needs_key: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A server that speaks the protocol of ``provider``, and the key for it, which is never shown."""

    base_url: str
    key: Key
    provider: Provider

    @property
    def official(self) -> bool:
        """Whether this is the provider itself, its regional hosts included."""
        host = urlsplit(self.base_url).hostname or ""
        return bool(self.provider.host) and f".{host}".endswith(f".{self.provider.host}")

    @property
    def label(self) -> str:
        """How messages call the server."""
        return self.provider.name if self.official else f"The server at {self.base_url}"

    @property
    def sent_key(self) -> str:
        """What the client is given as the key."""
        return self.key.value or PLACEHOLDER_KEY


def find_endpoint(
    provider: Provider,
    environ: Mapping[str, str],
    *,
    base_url: str = "",
    key_variable: str = "",
    planning: bool = False,
) -> Endpoint:
    """Return the endpoint that the options ``base_url`` and ``api_key_env``, else the environment, name.

    Raises UsageError for an address that is none, and where a key is needed and missing: the provider itself
    needs one, other servers only if the option ``api_key_env`` (``key_variable``) names one. While a run is
    only planned (``planning``), no key is missed.
    """
    source = "scorer.base_url" if base_url else provider.url_variable
    url = base_url or environ.get(provider.url_variable, "").strip() or provider.url
    if not url:
        raise UsageError(
            f"{provider.name}: no endpoint is given.",
            hint=f"Set scorer.base_url or {provider.url_variable}, such as {provider.example_url}",
        )
    variables = (key_variable,) if key_variable else provider.key_variables
    keys = [find_key(variable, environ) for variable in variables]
    key = next(filter(None, keys), keys[0])
    if not key and could_be_key(key.variable):
        raise UsageError(
            "scorer.api_key_env names an environment variable; what it was given looks like a key itself.",
            hint=f"{how_to_give('MY_KEY')}, and scorer.api_key_env=MY_KEY.",
        )
    endpoint = Endpoint(check_url(url, source, example=provider.example_url), key, provider)
    if not (key or planning) and (endpoint.official or provider.needs_key or key_variable):
        raise UsageError(
            f"No API key: the environment variable {key.variable} is not set.",
            hint=f"{how_to_give(key.variable)}, or name another variable with scorer.api_key_env. "
            f"A local server needs no key: set scorer.base_url or {provider.url_variable}.",
        )
    return endpoint


def check_url(url: str, source: str, *, example: str) -> str:
    """Return ``url`` without a slash at its end; raise UsageError, naming ``source``, if it is not usable.

    ``example`` is shown in the hint.
    """
    hint = f"Write it like {example}"
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not url.isprintable() or " " in url:
        # It is not repeated: whatever it is, it may hold a password or a key.
        raise UsageError(f"{source} is not a URL of a server.", hint=hint)
    if parts.username or parts.password or "@" in parts.netloc:
        raise UsageError(
            f"{source}: a URL must not hold a user name or password.",
            hint="Put the key into an environment variable and name it with scorer.api_key_env.",
        )
    if parts.query or parts.fragment:
        raise UsageError(f"{source}: a URL with ? or # cannot be the base of others.", hint=hint)
    return url.rstrip("/")
