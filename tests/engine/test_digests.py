"""Digests tell files and folders apart by content and names."""

from pathlib import Path

import pytest

from izcore.engine import digests
from izcore.engine.digests import digest_of


def test_a_file_is_told_by_its_content(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"same")
    other.write_bytes(b"same")
    assert digest_of(one) == digest_of(other)
    other.write_bytes(b"samE")
    assert digest_of(one) != digest_of(other)


def test_a_folder_is_told_by_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "weights").write_bytes(b"1")
    before = digest_of(tmp_path)
    (tmp_path / "in" / "weights").rename(tmp_path / "in" / "other")
    renamed = digest_of(tmp_path)
    (tmp_path / "in" / "other").write_bytes(b"2")
    assert len({before, renamed, digest_of(tmp_path)}) == 3


def test_a_file_of_gigabytes_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "READ_WHOLE", 100)
    monkeypatch.setattr(digests, "BLOCK", 20)
    large = tmp_path / "weights"
    large.write_bytes(bytes(1000))
    seen = {digest_of(large)}
    for place in (0, 500, 999):
        content = bytearray(1000)
        content[place] = 1
        large.write_bytes(content)
        seen.add(digest_of(large))
    large.write_bytes(bytes(1001))
    seen.add(digest_of(large))
    assert len(seen) == 5
