"""The folders that are izcore's; imports next to nothing, for the command line's help."""

import os
from pathlib import Path


def data_folder() -> Path:
    """Where data worth keeping goes: the folder that ``IZ_DATA`` names, or the platform's."""
    return _folder("IZ_DATA", "user_data_dir")


def cache_folder() -> Path:
    """Where goes what can be made again: the folder that ``IZ_CACHE`` names, or the platform's."""
    return _folder("IZ_CACHE", "user_cache_dir")


def config_folder() -> Path:
    """Where a person's own defaults are: the folder that ``IZ_CONFIG`` names, or the platform's."""
    return _folder("IZ_CONFIG", "user_config_dir")


def _folder(variable: str, of_platform: str) -> Path:
    if named := os.environ.get(variable):
        return Path(named)
    import platformdirs

    return Path(getattr(platformdirs, of_platform)("izcore", appauthor=False))
