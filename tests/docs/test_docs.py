"""What README and documentation show is true: commands, configurations, code, links and files."""

import ast
import importlib.util
import itertools
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support import ROOT, write_lines
from support.pages import FENCE, PAGES, Block, blocks, commands_of, generated_reference
from support.plugin_examples import install_examples, install_plugins
from typer import Exit

import izcore
from izcore import plugin
from izcore.api import settings_layers
from izcore.config.layers import build_config, parse_assignments
from izcore.config.schema import RunConfig, ScoringConfig
from izcore.config.toml import read_toml
from izcore.plugin import hookspecs
from izcore.plugin.kinds import KINDS
from izcore.plugin.results import RunResult
from izcore.plugin.trials import Trial
from izcore.registry.registry import discover
from izcore.testing.conformance import checks_of
from izcore_compare import ComparisonResult

INLINE_CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
CHECKED_LANGUAGES = {"python", "toml", "sh", "console", "json", "text", "yaml"}
"""``yaml`` is run by the tests of gates; ``text`` holds what a program printed; braces are directives of
Sphinx, which fails on a bad one."""
PROGRAMS = {"iz", "nox", "export", "pip", "pytest", "cd", "python3"}
pytestmark = pytest.mark.usefixtures("real_default")
TOY_PRESETS = """
from izcore.plugin import Preset, hookimpl
IZCORE_API = 1
TOYS = {"generator": {"name": "phrases"}, "scorer": {"name": "obedient"}}
@hookimpl
def izcore_presets():
    return [Preset(name=name, summary="Toys", settings=TOYS) for name in ("default", "quick")]
"""


def parse(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Parse the arguments of ``iz`` as Typer does; return the command's name and its parameters."""
    command: Any = generated_reference("command_line").command_line()
    names: list[str] = []
    rest = list(arguments)
    while hasattr(command, "commands"):
        while rest and rest[0].startswith("-"):
            option = rest.pop(0)
            known = {name: p for p in command.params for name in p.opts}
            if option == "--help":
                return "", {}
            assert option in known, f"{' '.join(['iz', *names])} has no option {option}"
            if not known[option].is_flag:
                rest.pop(0)
            elif not rest:
                return "", {}
        assert rest, f"iz {' '.join(names)} wants a command"
        assert rest[0] in command.commands, f"iz {' '.join(names)} has no command {rest[0]}"
        names.append(rest.pop(0))
        command = command.commands[names[-1]]
    try:
        return " ".join(names), dict(command.make_context(" ".join(names), rest).params)
    except Exit:
        return "", {}


@pytest.mark.parametrize("arguments", commands_of("iz"))
def test_commands_parse_and_their_settings_are_known(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    install_examples(tmp_path, monkeypatch)
    name, given = parse(arguments)
    for word in arguments:
        path = word.rpartition(":")[2]
        assert not path.startswith("docs/") or Path(path).exists(), path
    if name in ("optimize", "score"):
        options = ("generator", "surrogate", "scorer", "metric", "preset", "seed")
        layers = settings_layers(
            given["task"],
            **{key: given.get(key) for key in options},
            prompt_template=given["template"],
            baselines=given.get("baseline") or (),
            trackers=given.get("tracker") or (),
            config=given["config"],
            settings=parse_assignments(given["set_"] or ()),
        )
        build_config(discover(), layers, RunConfig if name == "optimize" else ScoringConfig)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_within_sentences_exist(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for code in INLINE_CODE.findall(text):
        words = code.split()
        if words[:1] != ["iz"] or len(words) < 2 or not words[1].isalpha():
            continue
        command: Any = generated_reference("command_line").command_line()
        for word in words[1:]:
            if hasattr(command, "commands") and word.isalpha() and word.islower():
                assert word in command.commands, code
                command = command.commands[word]
            elif word.startswith("--") and word != "--help":
                assert word in [name for p in command.params for name in (*p.opts, *p.secondary_opts)], code


def test_nox_sessions_exist() -> None:
    parsed = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    sessions = {node.name for node in parsed.body if isinstance(node, ast.FunctionDef)}
    named = [words.values[0] for words in (*commands_of("-m nox"), *commands_of("nox"))]
    assert len(named) >= 2
    for arguments in named:
        assert arguments[0] == "-s"
        assert set(itertools.takewhile("--".__ne__, arguments[1:])) <= sessions, arguments


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_configurations_are_valid(block: Block) -> None:
    generator = generated_reference("settings")
    text = f"```toml\n{block.text}```\n"
    assert list(generator.configuration_problems(text)) == []


def test_the_example_configuration_is_valid() -> None:
    file = read_toml(ROOT / "docs" / "examples" / "run.toml")
    built = build_config(discover(), [generated_reference("settings").ANY_RUN, file], RunConfig)
    assert built.budget.max_cost == 1.0


def test_a_wrong_configuration_would_be_noticed() -> None:
    text = '```toml\n[search]\nbatsh = 3\n```\n\n```toml\nscorer = "openai:"\nx = \n```\n'
    problems = list(generated_reference("settings").configuration_problems(text))
    assert len(problems) == 2
    assert "search.batsh" in problems[0]


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_python_names_what_there_is(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("izcore."):
            module = importlib.import_module(node.module)
            assert all(hasattr(module, alias.name) for alias in node.names)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "izcore":
            assert node.attr in izcore.__all__


@pytest.mark.parametrize("page", sorted({block.page for block in blocks("python")}), ids=lambda p: p.stem)
def test_python_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One block after the other, as a reader does; where they choose no models, toys answer and write."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "site").mkdir()
    write_lines(tmp_path / "site" / "toy_presets.py", [TOY_PRESETS])
    install_plugins(tmp_path / "site", {"toy-presets": "toy_presets"})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IZ_NO_PLUGINS", "izcore-transformers")
    monkeypatch.setenv("OPENAI_API_KEY", "no-key")
    not_run = []
    for block in blocks("python"):
        if block.page != page or block.test:
            continue
        if block.reason:
            not_run.append(f"{block}: {block.reason}")
            continue
        exec(compile(block.text, str(block), "exec"), {"__name__": "documentation"})
    if not_run:
        pytest.skip("; ".join(not_run))


@pytest.mark.parametrize("block", blocks("sh", "console"), ids=str)
def test_shell_commands_are_known(block: Block) -> None:
    """Those of ``iz`` and nox are checked above; what is installed from here must be here."""
    if block.reason:
        pytest.skip(f"not run: {block.reason}")
    if block.test:
        return
    for command in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(command.removeprefix("$ "), comments=True)
        while words and "=" in words[0]:
            words.pop(0)
        if block.language == "console" and not command.startswith("$ "):
            continue
        if words[:1] == ["python"] and (ROOT / words[1]).is_file():
            continue
        assert not words or words[0] in PROGRAMS, (
            f"{words[0]}: nobody tests this. Mark the block: <!-- not run: why --> or <!-- run by tests/… -->"
        )
        for word in words[2:] if words[:2] == ["pip", "install"] else ():
            assert "/" not in word or (ROOT / word).exists(), word


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    for block in blocks():
        known = block.language in CHECKED_LANGUAGES or block.language.startswith("{")
        assert known, f"{block}: {block.language}"
        assert not block.test or (ROOT / block.test).exists(), block


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_shown_json_has_the_fields_of_the_records(block: Block) -> None:
    shown = json.loads(block.text)
    record: Any = RunResult if "run_id" in shown else ComparisonResult if "methods" in shown else Trial
    decoded = msgspec.json.decode(block.text, type=record)
    assert set(msgspec.to_builtins(decoded)) == set(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor and linked.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", h.replace("`", "").lower()).replace(" ", "-") for h in headings]
            assert anchor in [*slugs, *(h.replace(".", "-") for h in slugs)] or "izcore" in anchor, target


def test_the_reference_names_every_command_option_backend_and_hook() -> None:
    generator = generated_reference()
    written = {name: write() for name, write in generator.GENERATED.items()}
    root = generated_reference("command_line").command_line()
    for path, command in generated_reference("command_line").leaves(root, ("iz",)):
        assert f"## `{' '.join(path)}`" in written["commands"]
        for parameter in command.params:
            for name in parameter.opts if parameter.param_type_name == "option" else ():
                assert name in written["commands"]
    for kind in KINDS:
        for found in discover().backends(kind):
            assert f"**{found.backend.name}**" in written["backends"]
    for name in plugin.__all__:
        assert f".{name}\n" in written["plugin-api"] or name in generated_reference("plugin_api").PLAIN_VALUES
    for kit in generated_reference("conformance_kit").KITS.values():
        for name in checks_of(kit):
            assert f"- `{name}`: " in written["conformance"]
    for name in vars(hookspecs):
        assert not name.startswith("izcore_") or name in written["hooks"]


def test_shown_presets_are_what_a_run_gets() -> None:
    registry, generator = discover(), generated_reference("settings")
    for name in registry.presets.summaries():
        shown = generator.merged_preset(registry, name)
        assert tomllib.loads(generator.as_toml(shown)) == json.loads(json.dumps(shown))
        layer = {**generator.ANY_RUN, "preset": name}
        for kind in ("generator", "scorer"):
            if kind in shown:
                del layer[kind]
        built = msgspec.to_builtins(build_config(registry, [layer], RunConfig))
        for key in ("splits", "search"):
            assert {**built[key], **shown.get(key, {})} == built[key]
        for kind in ("generator", "scorer", "surrogate"):
            assert kind not in shown or built[kind]["name"] == shown[kind]["name"].partition(":")[0]


def test_pages_name_no_placeholder() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"\b(TODO|FIXME|TBD|XXX|lorem)\b", text), page
