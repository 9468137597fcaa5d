"""What a generator says about how it writes stands in the run's events and in its result."""

import dataclasses
from typing import Any

import msgspec
import pytest

import izcore
from izcore.plugin import NoteAdded, PrepareRequest, PrepareResult, hookimpl
from izcore_toy.backends import Phrases

NOTE = "Instructions were written by hand."


@dataclasses.dataclass
class Watching:
    notes: list[str] = dataclasses.field(default_factory=list)

    @hookimpl
    def izcore_note_added(self, event: NoteAdded) -> None:
        self.notes.append(event.note)


def test_notes_of_a_generator_are_told_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    prepare = Phrases.prepare

    def prepare_and_tell(self: Phrases, request: PrepareRequest) -> PrepareResult:
        return msgspec.structs.replace(prepare(self, request), notes=(NOTE,))

    monkeypatch.setattr(Phrases, "prepare", prepare_and_tell)
    watching = Watching()
    settings: dict[str, Any] = {
        "generator": {"name": "phrases", "phrases": [f"Reverse the word, {n}." for n in range(4)]},
        "search": {"initial": 4, "batch": 4, "rounds": 1},
        "splits": {"validation": 4, "retest": 2, "test": 3},
    }
    result = izcore.optimize(
        "mirror",
        scorer="obedient",
        surrogate="sobol",
        settings=settings,
        observers={"watching": watching},
    )
    assert watching.notes.count(NOTE) == 1
    assert result.notes.count(NOTE) == 1
