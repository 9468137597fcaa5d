"""Files of settings that are none: every way in which they are wrong is told in words."""

from pathlib import Path

import pytest

from izcore.config.layers import parse_assignments
from izcore.config.toml import read_toml
from izcore.plugin import ConfigError, UsageError

HOPELESS = {
    "lists": f"a = {'[' * 100_000}",
    "tables": f"a = {'{b = ' * 3000}",
    "keys": f"{'a.' * 20_000}b = 1",
    "digits": f"a = {'9' * 5000}",
    "open": 'a = "',
    "zero": "a = \0",
}


@pytest.mark.parametrize("text", HOPELESS.values(), ids=HOPELESS)
def test_what_is_wrong_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"run\.toml: not valid TOML: "):
        read_toml(tmp_path / "run.toml")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero on this system")
def test_a_file_without_an_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        read_toml(Path("/dev/zero"))


@pytest.mark.parametrize("value", [f"a={'[' * 5000}", f"{'a.' * 5000}b=1", f"a=[{'9' * 5000}]"])
def test_assignments_of_any_depth_are_read_or_refused(value: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        parse_assignments([value])
