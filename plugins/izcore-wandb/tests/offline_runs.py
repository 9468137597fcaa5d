"""Reads what wandb wrote in its offline mode: protocol buffers, in the blocks of LevelDB's log format."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

FILE_HEADER = 7
BLOCK = 32 * 1024
CHUNK_HEADER = 7
WHOLE, LAST = 1, 4


@dataclass
class OfflineRun:
    """What a file holds. ``history`` maps steps to values."""

    id: str = ""
    project: str = ""
    group: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: dict[int, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


def offline_runs(folder: Path) -> list[OfflineRun]:
    """Read every run below a folder, oldest first, once wandb's own process has written the ends of all."""
    files = sorted(folder.rglob("*.wandb"), key=lambda path: path.stat().st_mtime_ns)
    patience = time.monotonic() + 30
    while True:
        runs = [_read(path.read_bytes()) for path in files]
        if all(run.exit_code is not None for run in runs) or time.monotonic() > patience:
            return runs
        time.sleep(0.05)


def _read(content: bytes) -> OfflineRun:
    found = OfflineRun()
    for text in _records(content):
        record = wandb_internal_pb2.Record.FromString(text)
        kind = record.WhichOneof("record_type")
        if kind == "run":
            found.id, found.project, found.group = (
                record.run.run_id,
                record.run.project,
                record.run.run_group,
            )
            found.config |= _values(record.run.config.update)
        elif kind == "history":
            found.history.setdefault(record.history.step.num, {}).update(_values(record.history.item))
        elif kind == "summary":
            found.summary |= _values(record.summary.update)
        elif kind == "exit":
            found.exit_code = record.exit.exit_code
    return found


def _values(items: Any) -> dict[str, Any]:
    return {".".join(item.nested_key) or item.key: json.loads(item.value_json) for item in items}


def _records(content: bytes) -> Iterator[bytes]:
    assert content[:4] == b":W&B"
    position, record = FILE_HEADER, b""
    while position < len(content):
        if BLOCK - position % BLOCK < CHUNK_HEADER:
            position += BLOCK - position % BLOCK
            continue
        length, kind = int.from_bytes(content[position + 4 : position + 6], "little"), content[position + 6]
        position += CHUNK_HEADER
        record += content[position : position + length]
        position += length
        if kind in (WHOLE, LAST):
            yield record
            record = b""
