"""Where settings come from: the files of a person's own defaults, and errors that name a file."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from izcore.config.folders import config_folder
from izcore.config.toml import read_toml
from izcore.plugin.errors import ConfigError

OWN_DEFAULTS = "izcore.toml"
"""The name of a file of own defaults, in the user's configuration folder and in the current one."""


class FileSettings(dict[str, Any]):
    """The settings of a TOML file, as a layer that knows its file."""

    def __init__(self, file: Path) -> None:
        super().__init__(read_toml(file))
        self.file = file


def own_default_files() -> list[Path]:
    """Return the files of own defaults that there are: the user's, then the current folder's."""
    files = (config_folder() / OWN_DEFAULTS, Path(OWN_DEFAULTS))
    # Unlike Path.is_file, it finds no file where it may not look, as in the home of another user.
    return [file for file in files if os.path.isfile(file)]  # noqa: PTH113


def own_defaults() -> list[FileSettings]:
    """Return a person's own defaults, which lie over the preset and below all other settings.

    They are the files ``izcore.toml`` in the user's configuration folder, and over it in the current folder.
    """
    return [FileSettings(file) for file in own_default_files()]


@contextlib.contextmanager
def errors_name_files(layers: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """Put before an error that begins with a key the file that set the key, if one did."""
    try:
        yield
    except ConfigError as error:
        key, colon, _ = error.message.partition(": ")
        parts = [part for part in re.split(r"[.\[\]]", key) if part]
        # Of layers that say as much of the key the last one counts.
        saying = max(reversed(layers), key=lambda layer: _depth(layer, parts), default=None)
        if colon and _depth(saying, parts) and isinstance(saying, FileSettings):
            error.message = f"{saying.file}: {error.message}"
        raise


def _depth(layer: object, parts: Sequence[str]) -> int:
    """Return how many parts of a dotted key a layer has."""
    if not parts or not isinstance(layer, Mapping) or parts[0] not in layer:
        return 0
    return 1 + _depth(layer[parts[0]], parts[1:])
