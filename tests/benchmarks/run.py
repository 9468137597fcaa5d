"""Runs the benchmarks named on the command line, or all but the long ones. Each prints a table.

nox -s bench                    all but the long ones
nox -s bench -- startup loop    these two
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "bench_"
LONG = {"generator", "search"}
"""Take an hour or more, and run by name alone."""


def benchmarks() -> dict[str, Path]:
    """Name and file of every benchmark of the core and of the plugins."""
    found = [*ROOT.glob(f"tests/benchmarks/{PREFIX}*.py"), *ROOT.glob(f"plugins/*/tests/{PREFIX}*.py")]
    return {path.stem.removeprefix(PREFIX): path for path in sorted(found, key=lambda path: path.stem)}


def main() -> None:
    """Run what was asked for, each in a process of its own so that none warms up another."""
    known = benchmarks()
    wanted = sys.argv[1:] or [name for name in known if name not in LONG]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        sys.exit(f"No benchmark named {', '.join(unknown)}. Known: {', '.join(known)}.")
    for name in wanted:
        print(f"\n== {name} ({known[name].relative_to(ROOT)})", flush=True)
        subprocess.run([sys.executable, str(known[name])], check=True)


if __name__ == "__main__":
    main()
