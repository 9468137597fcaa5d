"""Digests tell files and folders apart by content and names."""

from pathlib import Path

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
