"""Seconds of ``iz --help`` against a bare Typer program and bare Python, in turn, within one run."""

import statistics
import subprocess
import sys
import time

ROUNDS = 15
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
PROGRAMS = {
    "bare Python": "pass",
    "bare Typer --help": BARE_TYPER,
    "iz --help": "from izcore.cli import app; app(['--help'])",
    "iz plugins list": "from izcore.cli import app; app(['plugins', 'list', '--json'])",
}


def seconds(program: str) -> float:
    """Wall time of a fresh interpreter that runs a program."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure all programs in turn, so that a change of the machine's speed hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, program in PROGRAMS.items():
            times[name].append(seconds(program))
    bare = statistics.median(times["bare Typer --help"])
    print(f"{'program':<20} {'median s':>9} {'ratio to bare Typer':>20}")
    for name, measured in times.items():
        print(f"{name:<20} {statistics.median(measured):>9.3f} {statistics.median(measured) / bare:>20.2f}")


if __name__ == "__main__":
    main()
