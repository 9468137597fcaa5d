"""The core stays light, names no backend, and imports no plugin."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from support.plugin_folder import Install

import izcore

HEAVY = {
    "jinja2",
    "torch",
    "transformers",
    "botorch",
    "gpytorch",
    "sklearn",
    "openai",
    "anthropic",
    "cma",
    "mlflow",
    "wandb",
}
CORE = Path(izcore.__file__).parent


def modules_after(code: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter holds after some code."""
    program = f"{code}\nimport sys\nprint('MODULES', *{{name.partition('.')[0] for name in sys.modules}})"
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    return set(printed.rpartition("MODULES ")[2].split())


HELP = """
import sys
from izcore.cli import main
sys.argv = ["iz", "--help"]
try:
    main()
except SystemExit:
    pass
"""


def test_help_imports_nothing_heavy() -> None:
    assert not modules_after(HELP) & HEAVY
    loaded = modules_after(HELP)  # once more, now that it knows the commands of plugins
    assert "typer" in loaded
    assert not loaded & (HEAVY | {"numpy", "scipy", "msgspec", "pluggy", "pytest"})


@pytest.mark.parametrize("arguments", [["--help"], ["optimize", "--help"], ["plugins", "show", "--help"]])
def test_help_imports_no_plugin_however_many_are_installed(
    install: Install, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        site = install(f"izcore-many-{number}", "IZCORE_API = 1\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    program = f"import sys\nsys.argv[1:] = {arguments}\n{HELP}"
    program = program.replace('sys.argv = ["iz", "--help"]', 'sys.argv[0] = "iz"')
    if arguments == ["--help"]:
        modules_after(program)  # after an installation it learns what commands there are
    loaded = modules_after(program)
    assert "typer" in loaded
    assert not {name for name in loaded if name.startswith("izcore_")}
    assert "izcore_many_7" in modules_after("import izcore; izcore.discover()")


def test_discovering_all_plugins_imports_nothing_heavy() -> None:
    loaded = modules_after("import izcore; izcore.discover()")
    assert not loaded & (HEAVY | {"numpy", "scipy", "pytest"})


@pytest.mark.parametrize(
    "entry", sorted(entry_points(group="izcore"), key=lambda e: e.name), ids=lambda e: e.name
)
def test_every_plugin_module_is_light(entry) -> None:  # type: ignore[no-untyped-def]
    assert not modules_after(f"import {entry.value}") & (HEAVY | {"numpy", "scipy"})


def test_the_core_imports_no_plugin_and_names_no_backend() -> None:
    backends = re.compile(
        r"\b(openai|anthropic|claude|chatgpt|vicuna|botorch|transformers|huggingface|mlflow|wandb)\b", re.I
    )
    for path in CORE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(from|import) +izcore_", text, re.M), path
        assert not backends.search(text), path


def test_the_core_names_no_mechanism_of_a_backend_but_in_its_own_backends() -> None:
    mechanism = re.compile(r"soft.?prompt|[\"']sobol[\"']", re.I)
    for path in CORE.rglob("*.py"):
        if not path.is_relative_to(CORE / "builtins"):
            assert not mechanism.search(path.read_text(encoding="utf-8")), path
