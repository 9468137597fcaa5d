"""Paths as people write them."""

from pathlib import Path

from izcore.plugin.errors import UsageError


def user_path(written: str | Path) -> Path:
    """Return the path that somebody wrote, with ``~`` for a home folder.

    Raises UsageError for a name that no file can have, and for a home that there is not.
    """
    if "\0" in str(written):
        raise UsageError(f"{str(written)!r}: no file can have this name; it holds a zero character.")
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{written}: there is no such home folder.", hint="Write ./~… for a name that begins with ~."
        ) from None
