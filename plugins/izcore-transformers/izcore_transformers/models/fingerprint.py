"""Content hashes that tell one model file from another."""

import hashlib
from functools import lru_cache
from pathlib import Path

from izcore.plugin import file_digest

WHOLE_UP_TO = 1 << 30


def file_fingerprint(path: Path) -> str:
    """Return a hex digest of a file's content, as :func:`~izcore.plugin.digests.file_digest` does.

    Files of more than 1 GiB are read in part: reading them would take longer than loading the model.
    """
    status = path.stat()
    return _fingerprint(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _fingerprint(path: Path, size: int, changed_ns: int) -> str:
    return file_digest(path, whole_up_to=WHOLE_UP_TO)


def folder_fingerprint(folder: Path, suffixes: tuple[str, ...]) -> str:
    """Return one hex digest of all files directly in ``folder`` that end in one of ``suffixes``."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.endswith(suffixes):
            digest.update(f"{path.name}\0{file_fingerprint(path)}\0".encode())
    return digest.hexdigest()
