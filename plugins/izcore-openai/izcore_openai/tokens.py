"""Counts tokens as OpenAI's models do, where the optional package tiktoken and its table are at hand.

tiktoken fetches a table when it is first used. Nobody who starts a run has asked for that, and there may be
no network: a table that is not on disk yet is left alone.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from izcore.plugin import Record

CountTokens = Callable[[str], int]

LONGEST = 200_000
"""Characters of a text that is counted; a longer one takes its time, and no run has many of them."""


class Table(Record):
    """A table of tiktoken: where it is fetched from, and the digest of what it holds."""

    url: str
    sha256: str


_O200K = Table(
    url="https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken",
    sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
)
_CL100K = Table(
    url="https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
    sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
)
TABLES = {"o200k_base": _O200K, "o200k_harmony": _O200K, "cl100k_base": _CL100K}


@cache
def tokenizer(model: str) -> CountTokens | None:
    """Return what counts a model's tokens; None where tiktoken, the model or the table is not known here.

    ``provider/`` prefixes of the name do not matter.
    """
    if find_spec("tiktoken") is None:
        return None
    import tiktoken

    try:
        name = tiktoken.encoding_name_for_model(model.rpartition("/")[2])
    except KeyError:
        return None
    table = TABLES.get(name)
    if table is None or not is_on_disk(table):
        return None
    encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode_ordinary(text))


def is_on_disk(table: Table) -> bool:
    """Whether tiktoken would find a table where it keeps them, whole, and fetch nothing."""
    folder = cache_folder()
    if folder is None:
        return False
    try:
        content = (folder / hashlib.sha1(table.url.encode(), usedforsecurity=False).hexdigest()).read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content).hexdigest() == table.sha256


def cache_folder() -> Path | None:
    """Return where tiktoken keeps its tables; None where it is told to keep none."""
    for variable in ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"):
        if variable in os.environ:
            return Path(os.environ[variable]) if os.environ[variable] else None
    return Path(tempfile.gettempdir()) / "data-gym-cache"
