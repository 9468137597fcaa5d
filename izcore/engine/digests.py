"""Digests of files and folders, to notice that they changed."""

import hashlib
from pathlib import Path

from izcore.plugin.digests import file_digest

READ_WHOLE = 256 * 2**20
"""Files of more bytes, which hold the weights of models, are read in part."""


def digest_of(path: Path) -> str:
    """Return a SHA-256 digest, in hexadecimal, of a file's content, or of names and contents in a folder."""
    if not path.is_dir():
        return file_digest(path, whole_up_to=READ_WHOLE)
    hasher = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        hasher.update(f"{file.relative_to(path).as_posix()}\0{digest_of(file)}\n".encode())
    return hasher.hexdigest()
