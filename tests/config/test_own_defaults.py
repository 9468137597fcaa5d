"""Files of own defaults lie over the preset and below all else, on the command line and in Python."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained, result_of

import izcore
from izcore.plugin.errors import ConfigError

BACKENDS: dict[str, Any] = {"generator": "phrases", "scorer": "obedient", "surrogate": "sobol"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is not the folder of the user's own defaults."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def of_the_user() -> Path:
    """The file of the user's own defaults, in the folder that IZ_CONFIG names."""
    return Path(os.environ["IZ_CONFIG"]) / "izcore.toml"


def test_each_layer_lies_over_the_one_before(here: Path, of_the_user: Path) -> None:
    of_the_user.write_text(
        'preset = "random"\nseed = 1\n[search]\ninitial = 2\nbatch = 2\nrounds = 2\npool = 5\n'
    )
    (here / "izcore.toml").write_text("[search]\ninitial = 3\nbatch = 3\nrounds = 3\n")
    (here / "run.toml").write_text("[search]\nbatch = 4\nrounds = 4\n")
    settings = {"search.rounds": 5}
    config = izcore.plan("mirror", config="run.toml", seed=6, settings=settings, **BACKENDS).config
    search = config.search
    assert (search.pool, search.initial, search.batch, search.rounds, config.seed) == (5, 3, 4, 5, 6)
    assert config.preset == "random"
    assert izcore.plan("mirror", **BACKENDS).config.seed == 1


def test_the_command_line_takes_them_and_says_so(iz: Iz, here: Path, of_the_user: Path) -> None:
    of_the_user.write_text('scorer = "obedient"\ngenerator = "phrases"\nsurrogate = "sobol"\n')
    (here / "izcore.toml").write_text("[splits]\ntest = 7\n")
    planned = iz("optimize", "mirror", "--dry-run", "--json")
    config = json.loads(planned.stdout)["config"]
    assert (config["scorer"]["name"], config["splits"]["test"]) == ("obedient", 7)
    assert "izcore.toml" in planned.stderr
    scored = result_of(iz("score", "mirror", "--instruction", "Repeat the word.", "--json"))
    assert scored["test"]["n"] == 7
    assert izcore.score("mirror", "Repeat the word.").test.n == 7


def test_options_of_a_task_count_where_its_file_is_checked(iz: Iz, here: Path) -> None:
    (here / "words.csv").write_text("frage,antwort\n" + "".join(f"w{i},w{i}\n" for i in range(30)))
    assert "Guessed" in iz("tasks", "check", "words.csv").stdout
    (here / "izcore.toml").write_text('[task]\ninput = "frage"\ntarget = "antwort"\n')
    checked = iz("tasks", "check", "words.csv")
    assert (checked.returncode, "Guessed" in checked.stdout) == (0, False), checked.stderr


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[search]\nruonds = 3\n", r"izcore\.toml: search\.ruonds: unknown key\."),
        ('[scorer]\nname = "obedient"\nseconds = "long"\n', r"izcore\.toml: scorer\.seconds: expected "),
        ("[splits]\ntest = 0\n", r"izcore\.toml: splits\.test: expected "),
        ("coordinates = 3\n", r"izcore\.toml: coordinates: names or tables are wanted"),
        ("search = 3\n", r"izcore\.toml: search: "),
        ("seed = \n", r"izcore\.toml: not valid TOML: .*line 1"),
    ],
)
def test_errors_name_file_and_key(here: Path, written: str, said: str) -> None:
    (here / "izcore.toml").write_text(written)
    with pytest.raises(ConfigError, match=f"^{said}"):
        izcore.plan("mirror", **BACKENDS)


def test_an_error_names_the_layer_that_the_value_is_of(here: Path, of_the_user: Path) -> None:
    of_the_user.write_text("[splits]\ntest = 0\n")
    with pytest.raises(ConfigError, match=f"^{of_the_user}: splits.test: "):
        izcore.plan("mirror", **BACKENDS)
    (here / "izcore.toml").write_text("[splits]\nvalidation = 7\n")
    with pytest.raises(ConfigError, match=f"^{of_the_user}: splits.test: "):
        izcore.plan("mirror", **BACKENDS)
    with pytest.raises(ConfigError, match=r"^splits\.test: expected "):
        izcore.plan("mirror", settings={"splits.test": -1}, **BACKENDS)
    assert izcore.plan("mirror", settings={"splits.test": 9}, **BACKENDS).config.splits.test == 9


def test_a_folder_of_that_name_is_no_file_of_settings(here: Path, of_the_user: Path) -> None:
    of_the_user.unlink()
    (here / "izcore.toml").mkdir()
    assert izcore.own_defaults() == []


def test_the_task_may_stand_in_a_file(iz: Iz, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('task = "mirror"\ngenerator = "phrases"\nscorer = "obedient"\n')
    file = ("--config", str(tmp_path / "run.toml"), "--dry-run", "--json")
    assert result_of(iz("optimize", *file))["config"]["task"]["name"] == "mirror"
    # A task on the command line wins over the file's.
    lines = ["input,target", *(f"w{number},{number}w" for number in range(20))]
    (tmp_path / "other.csv").write_text("\n".join(lines))
    named = result_of(iz("optimize", str(tmp_path / "other.csv"), *file))
    assert named["config"]["task"] != {"name": "mirror", "options": {}}
    assert_explained(iz("optimize", "--scorer", "obedient"), "No task is named", "--config")
