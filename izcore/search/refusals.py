"""Which instructions are refused, so that no call is spent on them: leaks, repeated examples, mark-up."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from izcore.plugin.examples import Example
from izcore.plugin.target_profile import closed_labels

LEAK = "a leaked answer"
REPEAT = "a repeated example"
MARK_UP = "mark-up or a piece of the writer's prompt"

Words = tuple[str, ...]

_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

_CHAT_MARKS = re.compile(
    r"<\|[\w/ ]{1,40}\|>|\[/?INST\]|<</?SYS>>|</?s>|<(?:start|end)_of_turn>"
    r"|\[(?:input|output|demonstrations?)\]",
    re.IGNORECASE,
)
_WRITERS_TAGS = re.compile(r"</?(?:ins|inst|instructions?|prompt|new_prompt|demonstrations?)>", re.IGNORECASE)
_WRITERS_WORDS = re.compile(
    r"\bground[ -]truth (?:answer|label|output|target)s?\s*:"
    r"|\bgave a friend an instruction\b|\b(?:what was|guess) the instruction\b"
    r"|\b(?:the|these|following) input[- ]output pairs\b"
    r"|\b(?:previous|above) instructions? with (?:their|its) scores?\b",
    re.IGNORECASE,
)

SEVERAL_WORDS = 2
LONG = 10
"""A passage of so many words and characters is no chance: whoever writes it has seen it."""

RUN_OF_WORDS = 8
"""So many words in a row out of one example alone are a quotation, though the example is longer."""

SHORTEST_NAMED = 4
"""Characters from which a word is told from the words of any sentence when it stands for an example."""

SHORTEST_PAIRED = 3
"""Characters of the shorter half of an example that can be told when it is shown as a pair."""

NEAR = 3
"""At most so many words stand between the input and the target of an example that is shown as a pair."""

REPEATED_TARGETS = 2
"""How often each target occurs, on average, where few examples cannot show that their set is closed."""

_QUOTE = r"[\"'“”‘’«»`]"
_STATED = (
    r"\b(?:answers?|outputs?|targets?|labels?|results?|responses?|solutions?)\s*(?:is|are|was|were|:|=|->|→)"
    rf"\s*{_QUOTE}*"
)
_NAMED = rf"(?:\b(?:such as|e\.g\.,?|for (?:example|instance),?:?)\s+(?:an?\s+|the\s+)?{_QUOTE}*|{_QUOTE})"
_ENDS = rf"{_QUOTE}*\s*(?:[.,;:!?)\]]|\n|$)"


class Refusals:
    """Tells instructions on which no call shall be spent, to judge by what their writers may have been shown.

    ``examples`` are the demonstrations and the validation examples. Never the test examples: what is refused
    would tell something about them.
    """

    def __init__(self, examples: Sequence[Example]) -> None:
        self._data = "\n".join(f"{one.full_input}\n{target}" for one in examples for target in one.targets)
        self._inputs = [_words(one.full_input) for one in examples]
        self._targets = [tuple(map(_words, one.targets)) for one in examples]
        # Words in a row that several inputs share belong to the task, such as a question that all ask.
        runs = Counter(run for words in self._inputs for run in set(_runs(words)))
        self._runs = frozenset(run for run, inputs in runs.items() if inputs == 1)
        self._passages = frozenset(words for words in self._inputs if _is_long(words))
        labels = _are_labels([one.targets[0] for one in examples])
        distinct = dict.fromkeys(target for targets in self._targets for target in targets if target)
        self._answers = [each for each in distinct if not labels and not self._is_of_the_task(each)]
        # A label may well stand near a word that is the whole input of an example.
        self._pairs = [
            (shown, target)
            for shown, targets in zip(self._inputs, self._targets, strict=True)
            for target in targets
            if min(_size(shown), _size(target)) >= SHORTEST_PAIRED and not (labels and len(shown) == 1)
        ]

    def why(self, instruction: str) -> str:
        """Say for what an instruction is refused; empty where it is not."""
        if self._is_marked_up(instruction):
            return MARK_UP
        words = _words(instruction)
        if self._repeats(words):
            return REPEAT
        if any(self._gives_away(answer, words, instruction) for answer in self._answers):
            return LEAK
        return ""

    def _is_marked_up(self, instruction: str) -> bool:
        """Whether there is mark-up of a prompt in it that the task's own data does not have."""
        found = [match[0] for marks in (_CHAT_MARKS, _WRITERS_TAGS) for match in marks.finditer(instruction)]
        return any(mark not in self._data for mark in found) or bool(_WRITERS_WORDS.search(instruction))

    def _repeats(self, words: Words) -> bool:
        if any(run in self._runs for run in _runs(words)):
            return True
        text = _spaced(words)
        if any(_spaced(passage) in text for passage in self._passages):
            return True
        return any(_spaced(shown) in text and _is_pair(words, shown, target) for shown, target in self._pairs)

    def _gives_away(self, answer: Words, words: Words, instruction: str) -> bool:
        if answer == words or (_is_long(answer) and _spaced(answer) in _spaced(words)):
            return True
        if _spaced(answer) not in _spaced(words):
            return False
        named = _size(answer) >= SHORTEST_NAMED and not all(word.isdigit() for word in answer)
        before = f"(?:{_STATED}|{_NAMED})" if named else _STATED
        pattern = before + r"[\W_]+".join(map(re.escape, answer)) + _ENDS
        return re.search(pattern, instruction, re.IGNORECASE) is not None

    def _is_of_the_task(self, answer: Words) -> bool:
        """Whether several inputs have these words, so that a sentence about the task may have them, too."""
        text = _spaced(answer)
        return sum(text in _spaced(words) for words in self._inputs) > 1


def _are_labels(targets: Sequence[str]) -> bool:
    """Whether targets are labels, which an instruction should name, or may well be."""
    return bool(closed_labels(targets)) or len(targets) >= REPEATED_TARGETS * len(set(targets))


def _words(text: str) -> Words:
    return tuple(match[0] for match in _WORD.finditer(text.casefold()))


def _spaced(words: Words) -> str:
    return f" {' '.join(words)} "


def _size(words: Words) -> int:
    return len("".join(words))


def _is_long(words: Words) -> bool:
    return len(words) >= SEVERAL_WORDS and len(" ".join(words)) >= LONG


def _runs(words: Words) -> Iterator[Words]:
    return (words[start : start + RUN_OF_WORDS] for start in range(len(words) - RUN_OF_WORDS + 1))


def _is_pair(words: Words, shown: Words, target: Words) -> bool:
    """Whether an input stands in the words, and soon behind it the target that belongs to it."""
    for start in _places(words, shown):
        behind = words[start + len(shown) : start + len(shown) + NEAR + len(target)]
        if any(_places(behind, target)):
            return True
    return False


def _places(words: Words, passage: Words) -> Iterator[int]:
    size = len(passage)
    return (start for start in range(len(words) - size + 1) if words[start : start + size] == passage)
