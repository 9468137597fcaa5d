"""The example plugins of the pages for authors, made discoverable without being installed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from support import ROOT, write_lines

EXAMPLES = ROOT / "docs" / "authors" / "examples"
TUTORIAL = ROOT / "docs" / "authors" / "tutorial" / "izcore-echo"

ENTRY_POINTS: Mapping[str, str] = {
    "closeness": "izcore_closeness",
    "fresh": "izcore_fresh",
    "markdown": "izcore_markdown",
    "hill": "izcore_hill",
    "house": "izcore_house",
    "hub": "izcore_hub.plugin",
    "kernel": "izcore_kernel.plugin",
    "once": "izcore_once",
    "polite": "izcore_polite",
    "program": "izcore_program",
    "rest": "izcore_rest.plugin",
    "sheet": "izcore_sheet",
    "echo": "izcore_echo",
    "slots": "izcore_slots",
    "stopwatch": "izcore_stopwatch:plugin",
    "register": "izcore_register",
    "toml": "izcore_toml",
    "winner": "izcore_winner.plugin",
}


def install_plugins(folder: Path, entry_points: Mapping[str, str]) -> None:
    """Write into a folder of the import path what makes modules discoverable as plugins."""
    info = folder / "izcore_examples-0.1.0.dist-info"
    info.mkdir()
    write_lines(info / "METADATA", ["Metadata-Version: 2.1", "Name: izcore-examples", "Version: 0.1.0"])
    lines = [f"{name} = {target}" for name, target in entry_points.items()]
    write_lines(info / "entry_points.txt", ["[izcore]", *lines])


def install_examples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all examples importable and discoverable in this process, by files in ``folder``."""
    install_plugins(folder, ENTRY_POINTS)
    for each in (folder, EXAMPLES, TUTORIAL):
        monkeypatch.syspath_prepend(str(each))
