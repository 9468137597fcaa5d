"""File formats and named tasks pass the kit."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from izcore.testing import Subject, TaskConformance
from izcore_tasks.collections.registration import collection_backends

PLUGIN = "izcore_tasks.plugin"
PAIRS = [(f"word {number}", f"words {number}") for number in range(12)]
MADE_HERE = [each.name for each in collection_backends() if "(synthetic)" in each.summary]


def as_csv(path: Path, pairs: Sequence[tuple[str, str]] = PAIRS) -> None:
    path.write_text("input,output\n" + "".join(f"{a},{b}\n" for a, b in pairs), encoding="utf-8")


def as_jsonl(path: Path) -> None:
    lines = (json.dumps({"input": a, "output": b}) for a, b in PAIRS)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def as_json(path: Path) -> None:
    path.write_text(json.dumps([{"input": a, "output": b} for a, b in PAIRS]), encoding="utf-8")


def as_folder(path: Path) -> None:
    path.mkdir()
    as_csv(path / "train.csv", PAIRS[:8])
    as_csv(path / "test.csv", PAIRS[8:])


FORMATS: Mapping[str, Callable[[Path], None]] = {
    "csv": as_csv,
    "jsonl": as_jsonl,
    "json": as_json,
    "folder": as_folder,
}


class TestFormats(TaskConformance):
    @pytest.fixture(params=FORMATS)
    def subject(self, request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
        path = tmp_path / f"task.{request.param}"
        FORMATS[request.param](path)
        return Subject(plugin=PLUGIN, name=request.param, options={"path": str(path)})

    @pytest.fixture
    def faulty_options(self, tmp_path: Path) -> Sequence[Mapping[str, Any]]:
        broken = tmp_path / "broken"
        broken.write_bytes(b"input,output\n\xff\xfe\x00")
        return [{"path": str(tmp_path / "missing")}, {"path": str(broken)}]


class TestNamed(TaskConformance):
    @pytest.fixture(params=["demo", *MADE_HERE])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        return Subject(plugin=PLUGIN, name=request.param)
