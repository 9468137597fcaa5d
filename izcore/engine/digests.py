"""Digests of files and folders, to notice that they changed."""

import hashlib
from pathlib import Path

READ_WHOLE = 256 * 2**20
"""Files of more bytes, which hold the weights of models, are read in part."""
BLOCKS, BLOCK = 64, 2**20
"""So many blocks of so many bytes are read of them, from the beginning to the end."""


def digest_of(path: Path) -> str:
    """Return a SHA-256 digest, in hexadecimal, of a file's content, or of names and contents in a folder."""
    hasher = hashlib.sha256()
    if path.is_dir():
        for file in sorted(each for each in path.rglob("*") if each.is_file()):
            hasher.update(f"{file.relative_to(path).as_posix()}\0{digest_of(file)}\n".encode())
        return hasher.hexdigest()
    size = path.stat().st_size
    with path.open("rb") as opened:
        if size <= READ_WHOLE:
            hasher = hashlib.file_digest(opened, "sha256")
        else:
            hasher.update(str(size).encode())
            for number in range(BLOCKS):
                opened.seek((size - BLOCK) * number // (BLOCKS - 1))
                hasher.update(opened.read(BLOCK))
    return hasher.hexdigest()
