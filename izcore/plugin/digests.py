"""Digests of files, to know one again or to notice that it changed."""

import hashlib
from pathlib import Path

BLOCKS, BLOCK = 64, 2**20
"""So many blocks of so many bytes are read of a file that is too large to be read whole."""


def file_digest(path: Path, *, whole_up_to: int) -> str:
    """Return a SHA-256 digest, in hexadecimal, of a file's content.

    Of a file of more than ``whole_up_to`` bytes, such as one with a model's weights, it is that of the size
    and of 64 evenly spaced mebibytes, the first and the last among them; training touches every tensor, so
    two checkpoints of a model still differ. Raises OSError.
    """
    size = path.stat().st_size
    with path.open("rb") as opened:
        if size <= whole_up_to:
            return hashlib.file_digest(opened, "sha256").hexdigest()
        digest = hashlib.sha256(str(size).encode())
        for number in range(BLOCKS):
            opened.seek((size - BLOCK) * number // (BLOCKS - 1))
            digest.update(opened.read(BLOCK))
        return digest.hexdigest()
