"""A file's digest tells one file from another, and reads a large one in part."""

from pathlib import Path

import pytest

from izcore.plugin import digests
from izcore.plugin.digests import file_digest


def test_a_file_of_gigabytes_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "BLOCK", 20)
    large = tmp_path / "weights"
    large.write_bytes(bytes(10_000))
    seen = {file_digest(large, whole_up_to=100)}
    for place in (0, 9_999):
        content = bytearray(10_000)
        content[place] = 1
        large.write_bytes(content)
        seen.add(file_digest(large, whole_up_to=100))
    assert len(seen) == 3, "the first block and the last are read"
    between = bytearray(10_000)
    between[25] = 1
    large.write_bytes(between)
    assert file_digest(large, whole_up_to=100) in seen, "what lies between two blocks is not"
    large.write_bytes(bytes(10_001))
    assert file_digest(large, whole_up_to=100) not in seen


def test_a_file_that_is_read_whole_is_told_by_every_byte(tmp_path: Path) -> None:
    file = tmp_path / "small"
    file.write_bytes(bytes(100))
    before = file_digest(file, whole_up_to=100)
    file.write_bytes(bytes(50) + b"1" + bytes(49))
    assert file_digest(file, whole_up_to=100) != before
