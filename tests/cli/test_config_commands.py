"""``iz config``: where settings come from, and a run's settings as a file that gives the same run."""

import tomllib
from pathlib import Path

import pytest
from support import TOY, Iz, assert_explained, result_of, without_times

SMALL = (
    *("--set", "search.initial=6", "--set", "search.batch=4", "--set", "search.rounds=1"),
    *("--set", "splits.validation=6", "--set", "splits.test=8", "--set", "splits.retest=0"),
)
PRICES = 'prices={"a.b:c" = {input = 1.5, output = 2e-07}}'


def test_every_setting_tells_where_it_comes_from(
    iz: Iz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "izcore.toml").write_text("seed = 3\n[budget]\nmax_calls = 500\n")
    (tmp_path / "run.toml").write_text('[search]\nrounds = 2\n[scorer]\nname = "obedient"\n')
    given = ("--generator", "phrases", "--config", str(tmp_path / "run.toml"), "--set", "search.batch=7")
    shown = iz("config", "show", "mirror", *given, "--preset", "random").stdout
    said = {line.partition(" = ")[0]: line for line in shown.splitlines() if " = " in line}
    assert said["seed"] == "seed = 3  # izcore.toml"
    assert said["max_calls"] == "max_calls = 500  # izcore.toml"
    assert said["rounds"] == f"rounds = 2  # {tmp_path / 'run.toml'}"
    assert said["batch"] == "batch = 7  # command line"
    assert said["demonstrations"].endswith("# preset random")
    assert said["tries"].endswith("# default")
    assert 'name = "obedient"  # ' + str(tmp_path / "run.toml") in shown
    assert 'name = "phrases"  # command line' in shown
    assert tomllib.loads(shown)["search"]["batch"] == 7
    (folder / "izcore.toml").write_text("sed = 3\n")
    assert_explained(iz("config", "show", "mirror", *given), "izcore.toml", "sed")


@pytest.mark.parametrize(
    "chosen",
    [
        ("--preset", "default"),
        ("--coordinate", "none", "--coordinate", "form", "--set", "evaluation.policy=full"),
        ("--start", 'Say "\\é".\nTwice.', "--set", PRICES, "--set", "splits.retest=2"),
    ],
)
def test_the_settings_of_a_run_give_the_same_run(iz: Iz, tmp_path: Path, chosen: tuple[str, ...]) -> None:
    first = result_of(iz("optimize", "mirror", *TOY, *SMALL, *chosen, "--json"))
    written = iz("config", "of", "last")
    assert written.returncode == 0, written.stderr
    (tmp_path / "run.toml").write_text(written.stdout)
    file = ("--config", str(tmp_path / "run.toml"), "--no-cache", "--json")
    again = result_of(iz("optimize", *file))
    mine, its = (
        {**without_times(run), "calls": 0, "cached_calls": 0, "tokens": {}} for run in (first, again)
    )
    assert mine == its
    assert iz("config", "of", "last").stdout.replace("cache = false", "cache = true") == written.stdout


def test_an_unknown_run_is_explained(iz: Iz) -> None:
    assert_explained(iz("config", "of", "2020"), "2020")
    assert_explained(iz("config", "show"), "No task is named")
