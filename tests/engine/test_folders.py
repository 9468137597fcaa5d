"""What a run names by relative paths is found from another folder."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from support import write_lines

import izcore
from izcore.engine.folders import found_from
from izcore.plugin import CoordinateRegistration
from izcore.registry.choices import BackendChoice
from izcore.registry.registry import Registry


def find(kind: str, name: str) -> Any:
    clauses = CoordinateRegistration(
        name=name, summary="Clauses of a file", factory="nowhere:Clauses", files=("file",)
    )
    return SimpleNamespace(backend=clauses)


def test_files_of_coordinates_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, here = tmp_path / "began", tmp_path / "here"
    began.mkdir()
    here.mkdir()
    file = write_lines(began / "clauses.txt", ["Be brief."])
    monkeypatch.chdir(here)
    choices = tuple(BackendChoice(name="clauses", options={"file": name}) for name in ("clauses.txt", "lost"))
    config = izcore.plan("mirror", generator="phrases", scorer="obedient").config
    config = msgspec.structs.replace(config, coordinates=choices)
    found = found_from(cast(Registry, SimpleNamespace(find=find)), config, str(began))
    assert [choice.options["file"] for choice in found.coordinates] == [str(file), "lost"]
    assert msgspec.structs.replace(found, coordinates=choices) == config
