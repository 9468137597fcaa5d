"""Files and folders that only their owner may read, for whatever may hold prompts, answers or data."""

import contextlib
import os
from pathlib import Path

OWNERS_FILE, OWNERS_FOLDER = 0o600, 0o700


def make_private_file(path: Path) -> None:
    """Make an empty file that only its owner may read and write; one that is there stays as it is.

    Raises OSError where it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNERS_FILE)
        os.close(descriptor)
        # Whatever the process's mask took away: the owner can use the file.
        path.chmod(OWNERS_FILE)


def make_private_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner alone.

    Folders that are there stay as they are. Raises OSError where one cannot be made.
    """
    if path.is_dir():
        return
    if path.parent != path:
        make_private_folder(path.parent)
    try:
        path.mkdir(OWNERS_FOLDER)
    except FileExistsError:
        if not path.is_dir():  # else another process made it in this moment
            raise
    else:
        path.chmod(OWNERS_FOLDER)
