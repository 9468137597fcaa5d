"""Where text comes from: a file or bytes, decoded, with errors that name the byte and the line."""

import codecs
import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

from izcore.plugin import DataError, nearest_names

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"

LARGEST_UNPACKED = 1 << 30
"""Bytes; a small file may unpack to more than a machine has room for."""

Source = bytes | Path
"""Content in memory, or the file that holds it."""

# UTF-32's mark begins with UTF-16's, so it is looked for first.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def data_suffix(path: Path) -> str:
    """Return the suffix that says how a file's content is written: that before ``.gz`` where it is packed."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else "".join(suffixes[-1:])


def stem_of(path: Path) -> str:
    """Return a file's name without its suffixes."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem


def read_text(source: Source, label: str, encoding: str = "") -> str:
    """Return the text of ``source``; ``label`` is what errors call it.

    Without ``encoding`` a byte-order mark decides, else UTF-8. Line ends are kept as they are. Raises
    DataError for a file that is missing, empty or unreadable, or bytes that the encoding has not.
    """
    content = source if isinstance(source, bytes) else read_bytes(source)
    if not content.strip():
        raise DataError(f"{label} is empty.", problems=("the file is empty",))
    return _decode(content, label, encoding)


def read_json(source: Source, label: str, encoding: str = "") -> Any:
    """Return the JSON document in ``source``; raises DataError that names line and column."""
    text = read_text(source, label, encoding)
    try:
        return parse_json(text)
    except ValueError as error:
        if isinstance(error, json.JSONDecodeError):
            problem = f"line {error.lineno}, column {error.colno}: {error.msg}"
        else:
            problem = str(error)
        raise DataError(f"{label} is not valid JSON: {problem}.", problems=(problem,)) from None


def parse_json(text: str) -> Any:
    """Parse one JSON value; every way in which it can be malformed is a ValueError."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("brackets are nested too deeply") from None


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, unpacked where its name ends in ``.gz``.

    Raises DataError for a file that cannot be read, or that only points at its content (Git LFS).
    """
    try:
        if path.is_char_device():
            raise DataError(f"{path} is a device, not a file.")
        content = path.read_bytes()
        if path.suffix.lower() == ".gz":
            content = _unpacked(content, path)
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.", hint=_similar_files(path)) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, not a file.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (EOFError, zlib.error) as error:
        raise DataError(
            f"{path} is not whole gzip data: {error}.", hint="Copy or download it again."
        ) from None
    if content.startswith(_LFS_POINTER):
        raise DataError(
            f"{path} is a pointer of Git LFS, not the data itself.", hint="Fetch the data: git lfs pull"
        )
    return content


def _unpacked(content: bytes, path: Path) -> bytes:
    with gzip.open(io.BytesIO(content)) as packed:
        unpacked = packed.read(LARGEST_UNPACKED + 1)
    if len(unpacked) > LARGEST_UNPACKED:
        raise DataError(
            f"{path} unpacks to more than {LARGEST_UNPACKED >> 20} MiB.",
            hint="Unpack it, and take a part of it.",
        )
    return unpacked


def _similar_files(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.suffix == path.suffix]
    except OSError:
        return f"The folder {path.parent} cannot be read either."
    return nearest_names(path.name, names) if names else ""


def _decode(content: bytes, label: str, encoding: str) -> str:
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), "")
    if not encoding and not marked and b"\0" in content[:4]:
        raise DataError(
            f"{label} is not text in UTF-8: there is a zero byte at its start.",
            hint="If it is UTF-16, say so: --set task.encoding=utf-16-le (or utf-16-be).",
        )
    chosen = encoding or marked or "utf-8"
    try:
        return content.decode(chosen).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = (
            f"line {line}: byte 0x{content[error.start]:02x} at offset {error.start} is not {chosen.upper()}"
        )
        raise DataError(
            f"{label} cannot be read as {chosen.upper()}: {problem}.",
            hint="Save it as UTF-8, or name its encoding, for example --set task.encoding=cp1252.",
            problems=(problem,),
        ) from None
    except (LookupError, UnicodeError):
        raise DataError(
            f"There is no text encoding {chosen!r}.",
            hint="Usual ones are utf-8, utf-16, cp1252 and latin-1.",
        ) from None
