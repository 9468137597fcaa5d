"""The conformance kit, and faults in a file."""

from pathlib import Path

import pytest

from izcore.plugin import BackendContext, DataError, LoadRequest
from izcore.testing import Subject, TaskConformance
from izcore_toml import TomlFile, TomlOptions

GOOD = """
metric = "contains"
[[examples]]
input = "cat"
output = ["CAT", "KITTY"]
[[examples]]
input = "dog"
output = "DOG"
"""
BAD = '[[examples]]\noutput = "CAT"\n[[examples]]\ninput = "dog"\noutput = []\n'


class TestToml(TaskConformance):
    """What every task promises."""

    @pytest.fixture
    def subject(self, tmp_path: Path) -> Subject:
        """Say which backend is tested, and with which options."""
        file = tmp_path / "animals.toml"
        file.write_text(GOOD, encoding="utf-8")
        return Subject(plugin="izcore_toml", name="toml", options={"path": str(file)})

    @pytest.fixture
    def faulty_options(self, tmp_path: Path) -> list[dict[str, str]]:
        """Options with which loading has to explain what is wrong."""
        broken = tmp_path / "broken.toml"
        broken.write_text("[[examples", encoding="utf-8")
        empty = tmp_path / "empty.toml"
        empty.write_text("", encoding="utf-8")
        return [{"path": str(path)} for path in (broken, empty, tmp_path / "missing.toml")]


def test_every_fault_is_named(tmp_path: Path) -> None:
    """All faulty examples are listed at once, each by its number."""
    file = tmp_path / "bad.toml"
    file.write_text(BAD, encoding="utf-8")
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path))
    with pytest.raises(DataError) as caught:
        TomlFile(TomlOptions(path=str(file)), context).load(LoadRequest())
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["example 1", "example 2"]
