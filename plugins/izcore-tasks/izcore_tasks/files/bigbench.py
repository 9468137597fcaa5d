"""BIG-bench's ``task.json``: targets, or choices with scores.

Format: google/BIG-bench, ``docs/doc.md`` ("Creating a JSON task"). ``target`` is one text or several;
``target_scores`` gives every choice a score, and the best-scored choices are the targets.
"""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from izcore.plugin import DataError, TaskData, derive_seed
from izcore_tasks.files.column_names import field_names_of
from izcore_tasks.files.draft import Draft, finish
from izcore_tasks.files.sources import Source, read_json
from izcore_tasks.files.values import ValueProblem, describe, to_field, to_text, to_texts

_KEYS = ("input", "target", "target_scores")
_DEFAULT_CHOICE_PREFIX = "\n  choice: "


def parse_bigbench(task_name: str, source: Source, *, seed: int = 0, encoding: str = "") -> TaskData:
    """Make a task of a ``task.json``; ``seed`` decides the order in which choices are shown.

    Raises DataError that lists every fault by the number of its example.
    """
    label = str(source) if isinstance(source, Path) else f"{task_name}/task.json"
    return finish(bigbench_draft(task_name, label, read_json(source, label, encoding), seed))


def is_bigbench(document: Any) -> bool:
    """Say whether a parsed JSON document has BIG-bench's form."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("examples"), list)
        and any(
            isinstance(entry, dict) and ("target" in entry or "target_scores" in entry)
            for entry in document["examples"]
        )
    )


def bigbench_draft(task_name: str, label: str, document: Any, seed: int) -> Draft:
    """Read the examples of a parsed ``task.json``."""
    if not is_bigbench(document):
        problem = 'no "examples" list whose entries have "target" or "target_scores"'
        raise DataError(f"{label} is not a BIG-bench task: {problem}.", problems=(problem,))
    draft = Draft(
        name=task_name,
        label=label,
        unit="example",
        metric="choice" if _is_multiple_choice(document) else "exact_match",
        description=_text_under(document, "description"),
    )
    task_prefix = _text_under(document, "task_prefix").strip()
    if task_prefix:
        draft.human_instructions = (task_prefix,)
        draft.notes.append(f"The instruction that BIG-bench puts before every input: {task_prefix}")
    preferred = document.get("preferred_score")
    if preferred not in ("multiple_choice_grade", "exact_str_match", None):
        draft.notes.append(
            f"BIG-bench prefers the score {preferred!r} here, which is not offered; {draft.metric} is used."
        )
    undecided = 0
    for number, entry in enumerate(document["examples"], 1):
        if not isinstance(entry, dict):
            draft.problem(number, f"{describe(entry)}, where an object belongs")
            continue
        try:
            text, targets, choices = _read_example(entry, document, draft.metric == "choice", seed)
        except ValueProblem as problem:
            draft.problem(number, str(problem))
            continue
        if len(choices) > 1 and len(targets) == len(choices):
            undecided += 1
        else:
            draft.add(number, text, targets, choices, _read_fields(entry))
    if undecided:
        draft.notes.append(f"Left out, as all their choices score the same: {undecided}.")
    return draft


def _read_example(
    entry: Mapping[str, Any], document: Mapping[str, Any], multiple_choice: bool, seed: int
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return input, targets and choices; there are choices in multiple-choice tasks only."""
    text = to_text(entry.get("input"), "input")
    if not multiple_choice and "target" in entry:
        return text, to_texts(entry["target"], "target"), ()
    targets, choices = _read_choices(entry.get("target_scores"))
    if multiple_choice:
        text, choices = _show_choices(text, choices, document, seed)
    return text, targets, choices if multiple_choice else ()


def _read_fields(entry: Mapping[str, Any]) -> dict[str, str]:
    names = field_names_of([key for key in entry if key not in _KEYS], "input")
    return {name: to_field(entry[key]) for key, name in names.items()}


def _is_multiple_choice(document: Mapping[str, Any]) -> bool:
    if document.get("preferred_score") == "multiple_choice_grade":
        return True
    return not any(isinstance(entry, dict) and "target" in entry for entry in document["examples"])


def _read_choices(scores: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the best-scored choices, and all choices in the order of the file."""
    if scores is None:
        raise ValueProblem("no target_scores")
    if not isinstance(scores, dict):
        raise ValueProblem(f"target_scores is {describe(scores)}, where an object of choices belongs")
    for choice, score in scores.items():
        if isinstance(score, bool) or not isinstance(score, int | float) or score != score:
            raise ValueProblem(f"the score of choice {choice!r} is {describe(score)}, where a number belongs")
    best = max(scores.values(), default=0)
    return tuple(choice for choice, score in scores.items() if score == best), tuple(scores)


def _show_choices(
    text: str, choices: tuple[str, ...], document: Mapping[str, Any], seed: int
) -> tuple[str, tuple[str, ...]]:
    """Append the choices to the input where the task wants it, in an order that gives nothing away.

    Some files list the right choice first. The order depends on seed, input and choices alone, so that
    an example that occurs twice reads the same and is recognised.
    """
    if not text.strip() or document.get("append_choices_to_input", True) is not True:
        return text, choices
    shown = sorted(choices)
    random.Random(derive_seed(seed, "choices", ascii((text, *shown)))).shuffle(shown)
    prefix = document.get("choice_prefix", _DEFAULT_CHOICE_PREFIX)
    prefix = prefix if isinstance(prefix, str) else _DEFAULT_CHOICE_PREFIX
    return text + "".join(prefix + choice for choice in shown), tuple(shown)


def _text_under(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""
