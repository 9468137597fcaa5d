"""The published tasks: where each file comes from and what it must be.

``manifest.json`` pins every file by commit, size and two SHA-256 digests: ``sha256`` of its bytes, and
``content_sha256`` of its JSON in canonical form (:func:`content_digest`), which stays the same where a
checkout changed line ends or a tool the layout.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from izcore.plugin import Record

Part = Literal["induce", "execute", "annotations", "task"]
"""What a file is to its task: examples to search with, test examples, human instructions, or all in one."""


class Upstream(Record):
    """A public repository at a pinned commit."""

    repository: str
    commit: str
    licence: str
    title: str


class PublishedFile(Record):
    """A file of a repository; ``size`` in bytes."""

    path: str
    size: int
    sha256: str
    content_sha256: str

    def matches(self, content: bytes) -> bool:
        """Say whether ``content`` is this file: the same bytes, or the same JSON."""
        if hashlib.sha256(content).hexdigest() == self.sha256:
            return True
        return content_digest(content) == self.content_sha256

    def explain_mismatch(self, content: bytes) -> str:
        """Say what the file should be, and what it is."""
        return (
            f"expected {self.size} bytes with SHA-256 {self.sha256}, "
            f"got {len(content)} bytes with {hashlib.sha256(content).hexdigest()}"
        )


class PublishedTask(Record):
    """A task of a collection."""

    upstream: str
    summary: str
    files: Mapping[Part, PublishedFile]


class Manifest(Record):
    """All published tasks by name, and the repositories that they come from."""

    upstreams: Mapping[str, Upstream]
    tasks: Mapping[str, PublishedTask]


@cache
def read_manifest() -> Manifest:
    """Read the manifest that is part of this package."""
    return msgspec.json.decode((Path(__file__).parent / "manifest.json").read_bytes(), type=Manifest)


def content_digest(content: bytes) -> str:
    """Return the SHA-256 of a JSON document in canonical form; empty if ``content`` is no JSON.

    Canonical: UTF-8, sorted keys, no white space between tokens, no escapes but JSON's necessary ones.
    """
    try:
        document = json.loads(content)
    except ValueError:
        return ""
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
