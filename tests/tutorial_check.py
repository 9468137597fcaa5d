"""Follows the tutorial for plugin authors to the letter, in an empty folder, with nothing but wheels.

Run by ``nox -s new``; the argument is the folder of the wheels, which pip takes as if they were published.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "authors" / "tutorial.md"
STEP = re.compile(
    r"^(?:<!-- run by (?P<by>\S+) -->\n)?"
    r"```(?:sh\n(?P<commands>.*?)|\{literalinclude\} (?P<file>.*?)\n.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
HERE = "tests/tutorial_check.py"


def script_of_tutorial(left_out: Collection[str] = ()) -> str:
    """Return what a reader of the page does, as a shell script: write the files and type the commands.

    With ``left_out``, lines that begin so, and the blocks that only this file runs, are not in it.
    """
    return "\n".join(_steps(left_out))


def _steps(left_out: Collection[str]) -> Iterator[str]:
    for step in STEP.finditer(PAGE.read_text(encoding="utf-8")):
        if step["file"]:
            file = PAGE.parent / step["file"]
            yield f"cat > {file.name} <<'END'\n{file.read_text(encoding='utf-8').rstrip()}\nEND"
        elif not left_out or step["by"] != HERE:
            lines = step["commands"].splitlines()
            yield "\n".join(line for line in lines if not line.startswith(tuple(left_out)))


def main() -> None:
    """Follow the page; whatever fails ends it."""
    wheels = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        data = {"IZ_DB": "runs.sqlite", "IZ_CACHE": "cache", "IZ_DATA": "data"}
        environment = {
            **os.environ,
            **{name: str(Path(folder) / value) for name, value in data.items()},
            "PIP_FIND_LINKS": str(wheels),
        }
        done = subprocess.run(
            ["bash", "-euxc", script_of_tutorial()], cwd=folder, env=environment, check=False
        )
    if done.returncode:
        sys.exit(f"The tutorial cannot be followed: its commands left with {done.returncode}.")
    print("The tutorial can be followed.")


if __name__ == "__main__":
    main()
