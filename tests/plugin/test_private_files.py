"""Files and folders for their owner alone, whatever mask the process has."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from izcore.plugin import make_private_file, make_private_folder


@pytest.fixture(params=[0o000, 0o022, 0o777])
def mask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("mask")
def test_files_and_folders_are_their_owners(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "for me"
    make_private_folder(folder)
    make_private_file(folder / "file")
    assert [path.stat().st_mode & 0o777 for path in (folder.parent, folder)] == [0o700, 0o700]
    assert (folder / "file").stat().st_mode & 0o777 == 0o600


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir(0o755)
    (tmp_path / "mine" / "file").write_text("kept")
    (tmp_path / "mine" / "file").chmod(0o644)
    make_private_folder(tmp_path / "mine")
    make_private_file(tmp_path / "mine" / "file")
    assert (tmp_path / "mine" / "file").read_text() == "kept"
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "mine" / "file").stat().st_mode & 0o777 == 0o644


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        make_private_folder(tmp_path / "file" / "below")
