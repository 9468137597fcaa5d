"""The pages of README and documentation, and the blocks of code and commands that they show."""

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from support import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/authors/*.md")])
FENCE = re.compile(
    r"^(?:<!-- (?:not run: (?P<reason>[^\n]+)|run by (?P<test>tests/[\w/]+\.py)) -->\n)?"
    r"```(?P<language>[^\n]+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHELL_JOINTS = ("|", "||", "&&", ";", ">")
EXTENSIONS = ROOT / "docs" / "_ext"


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    reason: str
    """Why it is not run, where it is not."""
    test: str
    """The file of tests that runs it, where that is not this one."""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the fenced blocks in one of the languages (none given: in any), of all pages."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text[: match.start("text")].count("\n") + 1
            if not languages or match["language"] in languages:
                marks = (match["reason"] or "", match["test"] or "")
                found.append(Block(page, line, match["language"], match["text"], *marks))
    return found


def commands_of(program: str) -> list[Any]:
    """Return every command of a program in the shell blocks, with the place where it stands."""
    return list(_commands_of(program))


def _commands_of(program: str) -> Iterator[Any]:
    for block in blocks("sh", "console"):
        lines = block.text.replace("\\\n", " ").splitlines()
        shown = [line.removeprefix("$ ") for line in lines if block.language == "sh" or line.startswith("$ ")]
        for line in shown:
            command: list[str] = []
            for word in [*shlex.split(line, comments=True), ";"]:
                if word not in SHELL_JOINTS:
                    command.append(word)
                    continue
                while command and "=" in command[0]:
                    command.pop(0)
                if command and program in (Path(command[0]).name, " ".join(command[1:3])):
                    rest = command[1:] if Path(command[0]).name == program else command[3:]
                    yield pytest.param(rest, id=f"{block}: {line[:70]}")
                command = []


@cache
def generated_reference(module: str = "") -> Any:
    """Import the package that writes the reference pages, or a module of it."""
    if str(EXTENSIONS) not in sys.path:
        sys.path.insert(0, str(EXTENSIONS))
    return importlib.import_module(f"generated_reference.{module}".rstrip("."))
