"""``iz plugins new``: names, refusals, files. ``nox -s new`` installs and tests what it writes."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest
from support import Iz, assert_explained, result_of

import izcore.scaffold
from izcore.plugin.errors import UsageError
from izcore.plugin.kinds import KINDS, Kind
from izcore.scaffold import TEMPLATED_KINDS, read_name, render_package, try_it, write_package
from izcore.scaffold.package import SHARED, requirement


@pytest.mark.parametrize("given", ["mine", "izcore-mine", "izcore_mine"])
def test_the_prefix_makes_no_difference(given: str) -> None:
    names = read_name(given, "scorer")
    assert (names.backend, names.distribution, names.package) == ("mine", "izcore-mine", "izcore_mine")


def test_backends_keep_their_spelling() -> None:
    names = read_name("two-words_3", "task")
    assert (names.backend, names.distribution, names.package) == (
        "two-words_3",
        "izcore-two-words-3",
        "izcore_two_words_3",
    )


@pytest.mark.parametrize(
    ("given", "better"),
    [
        ("Mine", "'mine'"),
        ("my scorer", "'my-scorer'"),
        ("3d", "'d'"),
        ("class", "'my-class'"),
        ("../up", "'up'"),
        ("a--b", "'a-b'"),
        ("größe", "'gr-e'"),
        ("izcore-", "'mine'"),
        ("", "'mine'"),
        ("x" * 31, "'" + "x" * 30 + "'"),
        ("mine\n", "'mine'"),
    ],
)
def test_bad_names_are_refused_with_a_better_one(given: str, better: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_name(given, "metric")
    assert better in raised.value.hint
    read_name(better.strip("'"), "metric")


@pytest.mark.parametrize("kind", TEMPLATED_KINDS)
def test_every_kind_is_a_whole_package(kind: Kind) -> None:
    names = read_name("mine", kind)
    files = render_package(names)
    module = names.module
    conformance = KINDS[kind].conformance.rpartition(":")[2].removesuffix("Conformance")
    examples = "examples.mine" if kind == "task" else "examples.csv"
    assert {
        ".github/workflows/ci.yml",
        ".gitignore",
        "LICENSE",
        "README.md",
        examples,
        "izcore_mine/__init__.py",
        "izcore_mine/plugin.py",
        "izcore_mine/py.typed",
        f"izcore_mine/{module}.py",
        "pyproject.toml",
        f"tests/test_{module}.py",
    } <= set(files)
    assert ("izcore_mine/options.py" in files) == (kind != "command")
    for path, text in files.items():
        assert "{{" not in text.replace("${{", ""), path
        assert "{%" not in text, path
        if path.endswith(".py"):
            ast.parse(text)
    assert kind == "command" or f"class {names.factory}(" in files[f"izcore_mine/{module}.py"]
    # The scorer is tested by the class of scorers behind HTTP, which has all tests of scorers.
    assert f"{conformance}Conformance)" in files[f"tests/test_{module}.py"]
    assert f"the {names.words}: it is imported" in files["README.md"]


def test_every_kind_has_templates_and_no_folder_is_left_over() -> None:
    folders = {path.name for path in Path(izcore.scaffold.__file__).with_name("templates").iterdir()}
    assert folders - {SHARED} == set(TEMPLATED_KINDS) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "module", "factory"),
    [
        ("scorer", "scorer", "TwoWordsScorer"),
        ("evaluation_policy", "policy", "TwoWordsPolicy"),
        ("executor", "executor", "TwoWordsExecutor"),
    ],
)
def test_module_and_class_are_called_by_the_last_word_of_the_kind(
    kind: Kind, module: str, factory: str
) -> None:
    names = read_name("two_words", kind)
    assert (names.module, names.factory) == (module, factory)


def test_a_command_is_typed_with_dashes() -> None:
    assert read_name("two_words", "command").backend == "two-words"


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        ("tracker", "iz optimize examples.csv --preset quick --tracker mine"),
        ("evaluation_policy", "iz optimize examples.csv --preset quick --set evaluation.policy=mine"),
        ("coordinate", "iz optimize examples.csv --preset quick --coordinate mine"),
        ("executor", "iz compare examples.csv --methods quick,random --seeds 2 --max-calls 200"),
        ("exporter", "iz runs export last --format mine"),
        ("command", "iz mine"),
    ],
)
def test_each_kind_is_tried_where_it_is_chosen(kind: Kind, command: str) -> None:
    assert try_it(read_name("mine", kind)).startswith(command)


@pytest.mark.parametrize(
    ("core", "required"),
    [
        ("0.1.0", "izcore>=0.1.0,<0.2"),
        ("0.9.3.dev1+gabc", "izcore>=0.9.3.dev1,<0.10"),
        ("1.4.2", "izcore>=1.4.2,<2"),
    ],
)
def test_a_package_requires_the_core_that_made_it(core: str, required: str) -> None:
    assert requirement(core) == required


def test_the_project_file_names_plugin_and_requirements() -> None:
    project = tomllib.loads(render_package(read_name("my-own", "scorer"))["pyproject.toml"])["project"]
    assert project["name"] == "izcore-my-own"
    assert project["entry-points"]["izcore"] == {"my-own": "izcore_my_own.plugin"}
    assert any(each.startswith("izcore>=") for each in project["dependencies"])
    assert "izcore[testing]" in project["optional-dependencies"]["test"]


def test_a_package_is_written_and_says_what_comes_next(iz: Iz, tmp_path: Path) -> None:
    done = iz("plugins", "new", "izcore-mine", "--kind", "surrogate", "--into", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["izcore-mine"]
    assert (tmp_path / "izcore-mine" / "izcore_mine" / "plugin.py").is_file()
    for step in ("cd ", 'pip install -e ".[test]"', "pytest", "iz plugins show mine", "--surrogate mine"):
        assert step in done.stdout


def test_json_lists_the_files(iz: Iz, tmp_path: Path) -> None:
    made = result_of(iz("plugins", "new", "mine", "--kind", "task", "--json", cwd=tmp_path))
    folder = tmp_path / made["folder"]
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(made["files"]) == written
    assert (made["name"], made["kind"], made["package"]) == ("mine", "task", "izcore_mine")
    assert made["next"][-1].startswith("iz optimize examples.mine")


def test_the_proposed_command_leaves_open_what_nothing_answers(iz: Iz, tmp_path: Path) -> None:
    alone = {"IZ_PLUGINS": ""}
    made = result_of(iz("plugins", "new", "mine", "--kind", "generator", "--json", cwd=tmp_path, env=alone))
    assert made["next"][-1] == "iz optimize examples.csv --preset quick --generator mine --scorer SCORER"


@pytest.mark.parametrize(
    ("arguments", "mentions"),
    [
        (("Mine", "--kind", "scorer"), ("'Mine'", "'mine'")),
        (("mine", "--kind", "scorrer"), ("scorrer", "Did you mean scorer")),
        (("obedient", "--kind", "scorer"), ("taken", "izcore-toy", "obedient")),
        (("score", "--kind", "command"), ("taken", "iz has a command 'score'")),
        (("compare", "--kind", "command"), ("taken", "iz has a command 'compare'")),
        (("racing", "--kind", "evaluation_policy"), ("taken", "izcore has an evaluation policy")),
        (("exact_match", "--kind", "metric"), ("taken", "izcore has a metric")),
        (("toy", "--kind", "metric"), ("taken", "izcore-toy")),
        (("mine", "--kind", "scorer", "--into", "nowhere"), ("nowhere", "no such folder")),
    ],
)
def test_refusals_write_nothing(
    iz: Iz, tmp_path: Path, arguments: tuple[str, ...], mentions: tuple[str, ...]
) -> None:
    assert_explained(iz("plugins", "new", *arguments, cwd=tmp_path), *mentions)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_left_alone(iz: Iz, tmp_path: Path) -> None:
    mine = tmp_path / "izcore-mine" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = iz("plugins", "new", "mine", "--kind", "scorer", "--into", str(tmp_path))
    assert_explained(done, "izcore-mine", "not empty")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    write_package({"a/b.txt": "text\n"}, tmp_path / "mine")
    assert (tmp_path / "mine" / "a" / "b.txt").read_bytes() == b"text\n"


def test_a_failure_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_package({"a": "a file", "a/b": "cannot be below a file"}, tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


def test_without_the_package_for_templates_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(UsageError) as raised:
        render_package(read_name("mine", "metric"))
    assert raised.value.hint == "pip install 'izcore[authors]'"
