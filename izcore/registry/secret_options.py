"""Refuses options that hold a key or a password: options are kept with the run, and shown."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from izcore.plugin.errors import ConfigError
from izcore.plugin.secrets import could_be_key, secret_in
from izcore.registry.redaction import unmistakable_keys

_ADDRESS_WORDS = ("url", "uri", "endpoint", "address", "server", "proxy", "host")
_NAMES_A_VARIABLE = "_env"


def refuse_secrets(options: object, *, where: str) -> None:
    """Raise ConfigError, which names the option and repeats nothing of it, for one that holds a secret.

    ``options`` is a text, or a table or list of such, and ``where`` the name of it.

    An option whose name ends in ``_env`` names an environment variable.
    """
    keys = unmistakable_keys(os.environ)
    for name, value in _texts(options, where):
        last = name.rpartition(".")[2]
        if last.endswith(_NAMES_A_VARIABLE) and value not in os.environ and could_be_key(value):
            raise ConfigError(
                f"{name}: what it holds looks like a key, not like the name of an environment variable.",
                hint=f"Put the key into an environment variable, such as MY_KEY, and set {name}=MY_KEY.",
            )
        variable = next((variable for variable, key in keys.items() if key in value), "")
        is_address = (value.find("://") > 0 and " " not in value) or any(
            word in last.lower() for word in _ADDRESS_WORDS
        )
        found = f"the key in {variable}" if variable else secret_in(value, address=is_address)
        if found:
            raise ConfigError(
                f"{name}: it holds {found}. Options are kept with the run, and shown.",
                hint="Keys and passwords belong into environment variables; see the option's description.",
            )


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part, where)
