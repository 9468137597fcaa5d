"""Paths as people write them."""

from pathlib import Path

import pytest

from izcore.plugin import UsageError, user_path


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/runs.db") == tmp_path / "runs.db"
    assert user_path("runs.db") == Path("runs.db")


@pytest.mark.parametrize("written", ["a\0b", "~nobody-has-this-name/x"])
def test_what_no_path_can_be_is_explained(written: str) -> None:
    with pytest.raises(UsageError):
        user_path(written)
