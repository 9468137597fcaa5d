"""TOML as people write it: what it says, or in words why it says nothing."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from izcore.plugin.errors import ConfigError

LARGEST_FILE = 16 << 20
"""Bytes; a device may never end."""

DEEPEST = 64
"""Levels of tables and lists; no setting has as many."""


def read_toml(path: Path) -> Mapping[str, Any]:
    """Read a configuration file; errors name the file and line."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigError(f"{path}: larger than {LARGEST_FILE >> 20} MiB; no file of settings is.")
        return parse_toml(content.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.", hint="--config names a TOML file.") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text (byte {error.start}).") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}.") from None


def parse_toml(text: str) -> dict[str, Any]:
    """Return what a text in TOML says; whatever is wrong with it is a ValueError with words for people."""
    try:
        settings = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:
        raise ValueError("a number has too many digits") from None
    level: list[Any] = [settings]
    for _ in range(DEEPEST):
        level = [part for value in level if isinstance(value, dict | list) for part in _parts(value)]
    if level:
        raise ValueError("it is nested too deeply")
    return settings


def _parts(value: dict[str, Any] | list[Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
