"""What the targets of a task look like: labels, numbers, JSON, lists, lengths."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Literal

from izcore.plugin.examples import Example
from izcore.plugin.record import Record

Form = Literal["labels", "numbers", "json", "list", "text"]

MOST = 0.9
"""The share of the targets that must have a form; a few odd ones do not change the task's."""

REPEATED = 3.0
"""How often each label stands among the targets, on average, for their set to be taken as closed."""

LONGEST_LABEL = 5
"""Words of the longest label; what is longer is an answer that happens to repeat."""

NUMBER = re.compile(r"[-+−]?[$€£¥]?\s?\d+(?:[.,'\u00a0\u202f ]\d+)*\s?[%$€£¥]?")
ITEMS = re.compile(r"\s*[,;]\s+|\s*[,;]\s*(?=\D)")


class TargetProfile(Record):
    """What the targets of ``n`` examples have in common; a profile of none has the form ``text``.

    ``form`` is the narrowest description that fits nine of ten targets, or all of a closed set of labels.
    ``labels`` is that set, the most frequent first, and empty where the set is open. ``keys`` are the keys
    that most JSON objects have, in their order. ``words`` and ``most_words`` are the median and the largest
    number of words of a target. ``found_in_input`` is the share of the examples, in [0, 1], whose target
    stands in the input as it is. ``one_line`` says that no target has more than one line. ``scripts`` are
    those of the targets' letters, such as "LATIN", the most frequent first. ``input_script`` is the share of
    the targets, in [0, 1], that are written in the script of their input, and ``beyond_ascii`` the share with
    a letter that English does without: the two tell that a task speaks another language.
    """

    n: int
    form: Form = "text"
    labels: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    words: float = 0.0
    most_words: int = 0
    found_in_input: float = 0.0
    one_line: bool = True
    scripts: tuple[str, ...] = ()
    input_script: float = 0.0
    beyond_ascii: float = 0.0

    @property
    def summary(self) -> str:
        """The profile in words, such as "one of 3 labels (no, yes, maybe)"."""
        described = {
            "labels": f"one of {len(self.labels)} labels ({', '.join(self.labels)})",
            "numbers": "numbers",
            "json": f"JSON with the keys {', '.join(self.keys)}" if self.keys else "JSON",
            "list": "lists, their items between commas",
            "text": f"texts of {self.words:.0f} words" if self.words > 1 else "single words",
        }[self.form]
        if self.form == "text" and self.most_words > self.words:
            described += f", at most {self.most_words}"
        if self.scripts not in ((), ("LATIN",)):
            described += f", in {' and '.join(script.capitalize() for script in self.scripts)} letters"
        return described + (", which stand in the input" if self.found_in_input >= MOST else "")


def profile_targets(examples: Sequence[Example]) -> TargetProfile:
    """Return what the first targets of the examples look like.

    Give it demonstrations and validation examples only: what is read off the test examples would leak.
    """
    if not examples:
        return TargetProfile(n=0)
    targets = [example.targets[0].strip() for example in examples]
    found = [example.targets[0].strip().casefold() in example.full_input.casefold() for example in examples]
    lengths = [len(target.split()) for target in targets]
    labels = closed_labels(targets)
    scripts = [_script(target) for target in targets]
    alike = [script == _script(example.full_input) for script, example in zip(scripts, examples, strict=True)]
    beyond = [any(letter.isalpha() and not letter.isascii() for letter in target) for target in targets]
    return TargetProfile(
        n=len(targets),
        form=_form(targets, labels),
        labels=labels,
        keys=_keys(targets),
        words=median(lengths),
        most_words=max(lengths),
        found_in_input=sum(found) / len(found),
        one_line=not any("\n" in target for target in targets),
        scripts=tuple(script for script, _ in Counter(filter(None, scripts)).most_common()),
        input_script=sum(alike) / len(alike),
        beyond_ascii=sum(beyond) / len(beyond),
    )


def closed_labels(targets: Sequence[str]) -> tuple[str, ...]:
    """Return the set of labels that the targets are drawn from, the most frequent first.

    It is empty where the set seems open: labels are at least two short texts that repeat, each of them three
    times on average. Numbers are labels only as codes, such as 0 and 1: at most five of them, all small.
    """
    counted = Counter(target.strip() for target in targets)
    if len(counted) < 2 or len(targets) < REPEATED * len(counted):
        return ()
    if any(not label or "\n" in label or len(label.split()) > LONGEST_LABEL for label in counted):
        return ()
    if any(isinstance(_parsed(label), dict | list) for label in counted):
        return ()
    if all(NUMBER.fullmatch(label) for label in counted) and not _are_codes(counted):
        return ()
    return tuple(label for label, _ in counted.most_common())


def _are_codes(labels: Counter[str]) -> bool:
    return len(labels) <= 5 and all(label in {"-1", "0", "1", "2", "3", "4", "5"} for label in labels)


def _form(targets: Sequence[str], labels: Sequence[str]) -> Form:
    if labels:
        return "labels"
    if _most(bool(NUMBER.fullmatch(target)) for target in targets):
        return "numbers"
    if _most(isinstance(_parsed(target), dict | list) for target in targets):
        return "json"
    # A target with one item is a list too, where others have several.
    items = [ITEMS.split(target) for target in targets]
    short = _most(all(0 < len(item.split()) <= 3 for item in parts) for parts in items)
    if short and sum(len(parts) > 1 for parts in items) >= len(items) / 2:
        return "list"
    return "text"


def _keys(targets: Sequence[str]) -> tuple[str, ...]:
    objects = [parsed for parsed in map(_parsed, targets) if isinstance(parsed, dict)]
    counted = Counter(key for parsed in objects for key in parsed)
    return tuple(key for key, count in counted.items() if count > len(objects) / 2)


def _parsed(text: str) -> Any:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _script(text: str) -> str:
    """Return the script of most of a text's letters, as their Unicode names begin; empty without letters."""
    letters = Counter(unicodedata.name(each, "").partition(" ")[0] for each in text if each.isalpha())
    return letters.most_common(1)[0][0] if letters else ""


def _most(holds: Iterable[bool]) -> bool:
    each = list(holds)
    return sum(each) >= MOST * len(each)
