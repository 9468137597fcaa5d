"""Content hashes that tell one model file from another."""

import hashlib
from functools import lru_cache
from pathlib import Path

WHOLE_UP_TO = 1 << 30
SAMPLES = 64
SAMPLE_BYTES = 1 << 20


def file_fingerprint(path: Path) -> str:
    """Return a hex digest of a file's content.

    It is the SHA-256 of the whole file up to 1 GiB. Of larger files, whose reading would take longer
    than loading the model, it is the SHA-256 of the size and 64 evenly spaced mebibytes, the first and
    the last among them; training touches every tensor, so two checkpoints of a model still differ.
    """
    status = path.stat()
    return _fingerprint(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=64)
def _fingerprint(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        if size <= WHOLE_UP_TO:
            return hashlib.file_digest(file, "sha256").hexdigest()
        digest = hashlib.sha256(str(size).encode())
        for sample in range(SAMPLES):
            file.seek((size - SAMPLE_BYTES) * sample // (SAMPLES - 1))
            digest.update(file.read(SAMPLE_BYTES))
        return digest.hexdigest()


def folder_fingerprint(folder: Path, suffixes: tuple[str, ...]) -> str:
    """Return one hex digest of all files directly in ``folder`` that end in one of ``suffixes``."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.name.endswith(suffixes):
            digest.update(f"{path.name}\0{file_fingerprint(path)}\0".encode())
    return digest.hexdigest()
