"""Seconds of ``iz --help`` against a bare Typer program, with no plugin more and with 30, in one run."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.plugin_folder import install_plugin

ROUNDS = 15
PLUGINS = 30
PLUGIN = """
from izcore.plugin import ScorerRegistration, hookimpl
IZCORE_API = 1
@hookimpl
def izcore_scorers():
    return [ScorerRegistration(name={name!r}, summary="s", factory="nowhere.backend:Scorer")]
"""
BARE_TYPER = """
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def hello(name: str = "world") -> None:
    "Say hello."
@app.command()
def bye(name: str = "world") -> None:
    "Say bye."
app(["--help"])
"""
HELP = "from izcore.cli.app import app; app(['--help'])"
LIST = "from izcore.cli.app import app; app(['plugins', 'list', '--json'])"


def install_many(folder: Path) -> None:
    """Install the plugins by hand."""
    for number in range(PLUGINS):
        install_plugin(folder, f"izcore-many-{number}", PLUGIN.format(name=f"many-{number}"))


def seconds(program: str, site: str) -> float:
    """Wall time of a fresh interpreter that runs a program, with what is installed in a folder as well."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": site},
        check=True,
    )
    return time.perf_counter() - started


def main() -> None:
    """Measure all programs in turn, so that a change of the machine's speed hits all alike."""
    with tempfile.TemporaryDirectory() as many, tempfile.TemporaryDirectory() as none:
        install_many(Path(many))
        programs = {
            "bare Python": ("pass", none),
            "bare Typer --help": (BARE_TYPER, none),
            "iz --help": (HELP, none),
            f"iz --help, {PLUGINS} plugins more": (HELP, many),
            "iz plugins list": (LIST, none),
            f"iz plugins list, {PLUGINS} plugins more": (LIST, many),
        }
        times: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(ROUNDS):
            for name, (program, site) in programs.items():
                times[name].append(seconds(program, site))
    bare = statistics.median(times["bare Typer --help"])
    print(f"{'program':<34} {'median s':>9} {'ratio to bare Typer':>20}")
    for name, measured in times.items():
        print(f"{name:<34} {statistics.median(measured):>9.3f} {statistics.median(measured) / bare:>20.2f}")
    for command in ("iz --help", "iz plugins list"):
        pairs = zip(times[f"{command}, {PLUGINS} plugins more"], times[command], strict=True)
        ratio = statistics.median(with_many / without for with_many, without in pairs)
        print(f"{command}: with {PLUGINS} plugins more it takes {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
