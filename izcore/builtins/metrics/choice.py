"""The metric for multiple choice: which of the choices does the answer name?"""

import re
from collections.abc import Sequence

from izcore.builtins.metrics.normalisation import fold_case, longest_spans, normalise, squeeze, whole_phrase
from izcore.builtins.metrics.options import ChoiceOptions
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import Example, MetricRequest, MetricResult
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext

_LETTER_ALONE = re.compile(r"\W*([A-Za-z])\W*\Z")
_LETTER_BEFORE = re.compile(r"\W*([A-Za-z])\s*[).:](?=\s)")
_LETTER_AS_ANSWER = re.compile(
    r"(?i:\b(?:answer|option|choice)(?:\s+is)?)\s*[:=]?\s*\W?([A-Z])(?=\W*\Z|\s*[.,;:)\n]|\s+because\b)"
)
_LETTER_IN_BRACKETS = re.compile(r"\(([A-Za-z])\)")


class Choice(Metric):
    """1 where the choice that the answer names is a target.

    An answer names a choice by being it, by its letter, or by mentioning it as whole words; of mentions
    that lie in one another the longest counts.
    """

    def __init__(self, options: ChoiceOptions, context: BackendContext) -> None:
        self._which = options.which
        self._letters = options.letters

    def score(self, request: MetricRequest) -> MetricResult:
        """Score each answer; raises UsageError for an example without choices."""
        return MetricResult(
            scores=tuple(
                float(self._named(answer, example) in example.targets)
                for answer, example in zip(request.answers, request.examples, strict=True)
            )
        )

    def _named(self, answer: str, example: Example) -> str | None:
        if not example.choices:
            raise UsageError(
                "The metric 'choice' needs examples with choices, and this task has some without: "
                f"{example.input[:60]!r}.",
                hint="Use --metric exact_match or contains, or say which column holds the choices.",
            )
        choices = tuple(dict.fromkeys((*example.choices, *example.targets)))
        # The finest comparison first, for choices that differ in case or punctuation alone.
        for simplify in (str, lambda text: normalise(text, "standard", True), _plain):
            same = [choice for choice in choices if simplify(choice) == simplify(answer)]
            if len(same) == 1:
                return same[0]
        letters = self._letters and not any(len(_plain(choice)) == 1 for choice in choices)
        named = self._by_letter(answer, example.choices) if letters else None
        named = named or self._by_mention(answer, choices)
        if named is None and letters:
            named = _lettered(_LETTER_IN_BRACKETS.search(answer), example.choices)
        return named

    def _by_letter(self, answer: str, choices: Sequence[str]) -> str | None:
        match = (
            _LETTER_ALONE.match(answer) or _LETTER_BEFORE.match(answer) or _LETTER_AS_ANSWER.search(answer)
        )
        return _lettered(match, choices)

    def _by_mention(self, answer: str, choices: Sequence[str]) -> str | None:
        text = squeeze(fold_case(answer))
        mentions = longest_spans(
            [
                (match.start(), match.end(), choice)
                for choice in choices
                if _plain(choice)
                for match in whole_phrase(_plain(choice)).finditer(text)
            ]
        )
        if not mentions or (self._which == "only" and len({name for *_, name in mentions}) > 1):
            return None
        return mentions[-1 if self._which == "last" else 0][2]


def _plain(text: str) -> str:
    return normalise(text, "standard")


def _lettered(match: re.Match[str] | None, choices: Sequence[str]) -> str | None:
    index = ord(match[1].lower()) - ord("a") if match else len(choices)
    return choices[index] if index < len(choices) else None
