"""The instruction-induction files: ``induce/``, ``execute/`` and ``annotations/`` of one task.

Format: orhonovich/instruction-induction, ``data/raw`` (arXiv 2205.10782). A file holds ``examples``, an
object with the keys "1", "2", …; most have ``input`` and ``output``, some lists of acceptable outputs
beside it, cause_and_effect a ``cause`` and an ``effect``, common_concept ``items``.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from izcore.plugin import DataError, TaskData, derive_seed
from izcore_tasks.files.draft import Draft, finish
from izcore_tasks.files.sources import Source, read_json
from izcore_tasks.files.values import ValueProblem, describe, to_text, to_texts

TASK_METRIC: Mapping[str, str] = {
    "common_concept": "f1:paper",
    "informal_to_formal": "f1:paper",
    "orthography_starts_with": "exact_set:paper",
    "taxonomy_animal": "exact_set:paper",
    "synonyms": "contains:paper",
}
"""The published metric of each task that is not scored by :data:`DEFAULT_METRIC`."""

DEFAULT_METRIC = "exact_match:paper"

_ALTERNATIVES = ("other_rhymes", "possible_translations", "possible_outputs")


def parse_induction(
    task_name: str,
    induce: Source,
    execute: Source | None = None,
    annotations: Source | None = None,
    *,
    seed: int = 0,
    encoding: str = "",
) -> TaskData:
    """Make a task of its files: ``induce`` to search with, ``execute`` to test, ``annotations`` by people.

    ``seed`` decides the order of the two sentences of each cause_and_effect example. Raises DataError
    that lists every fault of ``induce`` and ``execute``.
    """

    def read(source: Source, folder: str) -> Draft:
        label = _label(source, task_name, folder)
        return induction_draft(task_name, label, read_json(source, label, encoding), seed)

    draft = read(induce, "induce")
    if annotations is not None:
        draft.human_instructions = _read_annotations(
            annotations, _label(annotations, task_name, "annotations"), encoding
        )
    return finish(draft, read(execute, "execute") if execute is not None else None)


def read_induction(
    path: Path, document: Any, *, seed: int = 0, encoding: str = ""
) -> tuple[Draft, Draft | None]:
    """Read the file at ``path``, already parsed, and what its sibling folders add; the second is the test."""
    name, folder = path.stem, path.parent
    draft = induction_draft(name, str(path), document, seed)
    test = None
    annotations = folder.parent / "annotations" / path.name
    if folder.name in ("induce", "execute") and annotations.is_file():
        draft.human_instructions = _read_annotations(annotations, str(annotations), encoding)
        draft.notes.append(f"Human instructions are read from annotations/{path.name}.")
    held_out = folder.parent / "execute" / path.name
    if folder.name == "induce" and held_out.is_file():
        test = induction_draft(name, str(held_out), read_json(held_out, str(held_out), encoding), seed)
        draft.notes.append(f"Test examples are read from execute/{path.name}.")
    elif folder.name == "execute":
        draft.notes.append("This is the held-out file alone; the file in induce/ would use it as the test.")
    return draft, test


def is_induction(document: Any) -> bool:
    """Say whether a parsed JSON document has the instruction-induction form."""
    return isinstance(document, dict) and isinstance(document.get("examples"), dict)


def induction_draft(task_name: str, label: str, document: Any, seed: int) -> Draft:
    """Read the examples of one parsed file."""
    if not is_induction(document):
        problem = 'no "examples" object with the keys "1", "2", …'
        raise DataError(f"{label} is not an instruction-induction file: {problem}.", problems=(problem,))
    draft = Draft(
        name=task_name, label=label, unit="example", metric=TASK_METRIC.get(task_name, DEFAULT_METRIC)
    )
    for key, entry in document["examples"].items():
        if not isinstance(entry, dict):
            draft.problem(key, f"{describe(entry)}, where an object belongs")
            continue
        try:
            draft.add(key, *_read_example(entry, seed))
        except ValueProblem as problem:
            draft.problem(key, str(problem))
    echoed = sum(example.input in example.targets for example in draft.examples)
    if 2 * echoed > len(draft.examples):
        draft.notes.append(
            "Most inputs are among their own targets, as published: an instruction to repeat scores high."
        )
    return draft


def _read_example(entry: Mapping[str, Any], seed: int) -> tuple[str, tuple[str, ...]]:
    if "cause" in entry and "effect" in entry:
        cause, effect = to_text(entry["cause"], "cause"), to_text(entry["effect"], "effect")
        # The seed and the pair alone decide, so that the same pair reads the same in every file.
        cause_first = derive_seed(seed, "cause_and_effect", ascii((cause, effect))) % 2 == 0
        first, second = (cause, effect) if cause_first else (effect, cause)
        text = f"Sentence 1: {first} Sentence 2: {second}" if cause and effect else ""
        return text, (cause,) if cause else ()
    if "items" in entry:
        targets = entry.get("all_common_concepts") or entry.get("concept")
        return ", ".join(to_texts(entry["items"], "list of items")), to_texts(targets, "target")
    targets = to_texts(entry.get("output"), "target")
    for key in _ALTERNATIVES:
        targets += to_texts(entry.get(key), "target")
    return to_text(entry.get("input"), "input"), targets


def _read_annotations(source: Source, label: str, encoding: str) -> tuple[str, ...]:
    document = read_json(source, label, encoding)
    entries = document.get("annotations") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        problem = 'no "annotations" list of texts'
        raise DataError(f"{label} is not an annotations file: {problem}.", problems=(problem,))
    return tuple(dict.fromkeys(entry.strip() for entry in entries if entry.strip()))


def _label(source: Source, task_name: str, folder: str) -> str:
    return str(source) if isinstance(source, Path) else f"{folder}/{task_name}.json"
