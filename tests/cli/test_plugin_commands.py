"""Commands of ``iz`` that come from plugins: chosen, listed, left out, misspelt and broken."""

import json
import os
from pathlib import Path

import pytest
from support import Iz, assert_explained, result_of
from support.plugin_folder import install_plugin

HEAD = "from izcore.plugin import CommandRegistration, hookimpl\nIZCORE_API = 1\n@hookimpl\n"
GREET = """
import typer
from izcore.commands import DbOption, JsonOption, print_json, registry_of, stdout_kept_clean
from izcore.plugin import UsageError

def greet(context: typer.Context, name: str, db: DbOption = None, json: JsonOption = False) -> None:
    "Say good morning."
    with stdout_kept_clean():
        print("a library chats")
        plugins = [plugin.name for plugin in registry_of(context).plugins if plugin.status == "loaded"]
    if name == "nobody":
        raise UsageError("Nobody is there.", hint="Greet somebody.")
    print_json({"greeted": name, "db": db, "plugins": plugins})

app = typer.Typer()

@app.command()
def loudly(name: str) -> None:
    "Say it loudly."
    typer.echo(name.upper())

@app.command()
def softly(name: str) -> None:
    "Say it softly."
    raise UsageError(f"{name} cannot hear that.")
"""


def registering(*commands: tuple[str, str], summary: str = "Say good morning") -> str:
    """A plugin that registers commands: names and import paths."""
    records = ", ".join(
        f"CommandRegistration(name={name!r}, summary={summary!r}, app={path!r})" for name, path in commands
    )
    return f"{HEAD}def izcore_commands():\n    return [{records}]\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two commands of a plugin, on the path of processes."""
    folder = tmp_path / "installed"
    folder.mkdir()
    install_plugin(
        folder,
        "zz-greetings",
        registering(("greet", "zz_greeting_app:greet"), ("shout", "zz_greeting_app:app")),
    )
    (folder / "zz_greeting_app.py").write_text(GREET, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


def test_a_plugins_command_has_what_commands_of_the_core_have(site: Path, iz: Iz) -> None:
    process = iz("--no-plugin", "openai", "greet", "Ann", "--db", "x.sqlite")
    result = result_of(process)
    assert (result["greeted"], result["db"]) == ("Ann", "x.sqlite")
    assert "zz-greetings" in result["plugins"]
    assert "openai" not in result["plugins"]
    assert "a library chats" in process.stderr
    assert_explained(iz("greet", "nobody"), "iz: Nobody is there.", "Greet somebody.")
    assert "Say good morning." in iz("greet", "--help").stdout
    assert_explained(iz("greet"), "Missing argument")


def test_a_typer_app_is_a_group_of_commands(site: Path, iz: Iz) -> None:
    assert iz("shout", "loudly", "ann").stdout == "ANN\n"
    assert_explained(iz("shout", "softly", "ann"), "iz: ann cannot hear that.")
    assert "softly" in iz("shout", "--help").stdout


def test_help_lists_the_commands_of_plugins_that_may_load(site: Path, iz: Iz) -> None:
    listed = iz("--help").stdout
    assert "greet     Say good morning" in listed
    assert "optimize" in listed
    assert "greet" not in iz("--no-plugin", "zz-greetings", "--help").stdout
    assert "greet" not in iz("--help", env={"IZ_NO_PLUGINS": "zz-greetings"}).stdout
    assert "greet" not in iz("--help", env={"IZ_PLUGINS": "toy"}).stdout
    assert "greet" in iz("--help").stdout


def test_help_is_up_to_date_and_loads_plugins_only_after_an_installation(site: Path, iz: Iz) -> None:
    assert "wave" not in iz("--help").stdout
    trace = {"IZ_TRACE_PLUGINS": "1"}
    assert "importing" not in iz("--help", env=trace).stderr
    install_plugin(site, "zz-more", registering(("wave", "nowhere:wave"), summary="Wave a hand"))
    assert "Wave a hand" in iz("--help").stdout
    (Path(os.environ["IZ_CACHE"]) / "commands.json").write_text("{", encoding="utf-8")
    assert "Wave a hand" in iz("--help").stdout


def test_help_works_where_nothing_can_be_written(site: Path, iz: Iz, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder", encoding="utf-8")
    assert "Say good morning" in iz("--help", env={"IZ_CACHE": str(taken)}).stdout


def test_a_command_that_is_left_out_is_unknown(site: Path, iz: Iz) -> None:
    for arguments, environment in (
        (("--no-plugin", "zz-greetings"), {}),
        ((), {"IZ_NO_PLUGINS": "zz-greetings"}),
        ((), {"IZ_PLUGINS": "toy"}),
    ):
        assert_explained(iz(*arguments, "greet", "Ann", env=environment), "There is no command 'greet'")


def test_a_misspelt_command_hints_at_those_of_the_core_and_of_plugins(site: Path, iz: Iz) -> None:
    assert_explained(iz("gret", "Ann"), "iz: There is no command 'gret'.", "greet")
    assert_explained(iz("optimise"), "iz: There is no command 'optimise'.", "optimize")


def test_a_command_of_the_core_wins(site: Path, iz: Iz) -> None:
    install_plugin(site, "zz-greedy", registering(("runs", "zz_greeting_app:greet"), summary="Mine"))
    assert result_of(iz("runs", "list", "--json")) == {"runs": []}
    assert "Mine" not in iz("--help").stdout


def test_two_plugins_that_claim_one_command_are_both_named(site: Path, iz: Iz) -> None:
    install_plugin(site, "zz-hello", registering(("greet", "zz_greeting_app:greet")))
    plugins = {each["name"]: each for each in result_of(iz("plugins", "list", "--json"))["plugins"]}
    assert plugins["zz-greetings"]["commands"] == ["greet", "shout"]
    assert plugins["zz-hello"]["distribution"] == "zz-hello"
    assert "its command 'greet' is already registered by zz-greetings" in plugins["zz-hello"]["reason"]
    assert result_of(iz("greet", "Ann"))["greeted"] == "Ann"


@pytest.mark.parametrize(
    ("source", "why", "code"),
    [
        ("import no_such_module_anywhere\n", "No module named 'no_such_module_anywhere'", 2),
        ("1 / 0\n", "ZeroDivisionError", 1),
        ("x = 1\n", "has no attribute 'greet'", 1),
    ],
)
def test_a_command_that_cannot_be_imported_names_its_distribution(
    site: Path, iz: Iz, source: str, why: str, code: int
) -> None:
    (site / "zz_greeting_app.py").write_text(source, encoding="utf-8")
    process = iz("greet", "Ann")
    assert_explained(process, "iz: The command 'greet' of zz-greetings", why, code=code)
    assert "greet" in iz("--help").stdout
    doctor = json.loads(iz("plugins", "doctor", "--json").stdout)
    assert {"command greet", "command shout"} <= {finding["what"] for finding in doctor["findings"]}
