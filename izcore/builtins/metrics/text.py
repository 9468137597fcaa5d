"""Metrics that compare an answer with one target at a time, as text."""

import re
from abc import abstractmethod
from collections import Counter

from izcore.builtins.metrics.normalisation import characters, normalise, tokens, whole_phrase
from izcore.builtins.metrics.options import RegexOptions, TextOptions
from izcore.plugin.errors import UsageError
from izcore.plugin.examples import MetricRequest, MetricResult
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext


class BestTarget(Metric):
    """A metric that compares with one target at a time; the best comparison is the score."""

    def score(self, request: MetricRequest) -> MetricResult:
        """Score each answer against the best of its example's targets."""
        return MetricResult(
            scores=tuple(
                max((self._compare(answer, target) for target in example.targets), default=0.0)
                for answer, example in zip(request.answers, request.examples, strict=True)
            )
        )

    @abstractmethod
    def _compare(self, answer: str, target: str) -> float:
        """Return a score in [0, 1]."""


class TextMetric(BestTarget):
    """A metric that compares normalised texts."""

    def __init__(self, options: TextOptions, context: BackendContext) -> None:
        self._how = options.normalise
        self._case_sensitive = options.case_sensitive

    def _normalise(self, text: str) -> str:
        return normalise(text, self._how, self._case_sensitive)

    def _tokens(self, text: str) -> tuple[str, ...]:
        return tokens(text, self._how, self._case_sensitive)


class ExactMatch(TextMetric):
    """1 where answer and target are equal."""

    def _compare(self, answer: str, target: str) -> float:
        return float(self._normalise(answer) == self._normalise(target))


class F1(TextMetric):
    """Harmonic mean of the precision and recall of the answer's words; 1 where neither has a word.

    In scripts without spaces characters count instead of words.
    """

    def _compare(self, answer: str, target: str) -> float:
        given, wanted = characters(self._tokens(answer)), characters(self._tokens(target))
        if not given and not wanted:
            return 1.0
        shared = (Counter(given) & Counter(wanted)).total()
        return 2 * shared / (len(given) + len(wanted))


class ExactSet(TextMetric):
    """1 where answer and target have the same words, in any order and number."""

    def _compare(self, answer: str, target: str) -> float:
        return float(set(self._tokens(answer)) == set(self._tokens(target)))


class Contains(TextMetric):
    """1 where the answer contains the target as whole words; an empty target only equals an empty answer.

    The published metric lets a target that its normalisation empties match nearly everything.
    """

    def _compare(self, answer: str, target: str) -> float:
        given, wanted = self._normalise(answer), self._normalise(target)
        if given == wanted:
            return 1.0
        if not wanted.strip():
            return 0.0
        pattern = rf"\b{re.escape(wanted)}\b" if self._how == "paper" else whole_phrase(wanted.strip())
        return float(re.search(pattern, given) is not None)


class Regex(BestTarget):
    """1 where the pattern, with the target put in, is found in the answer without surrounding space."""

    def __init__(self, options: RegexOptions, context: BackendContext) -> None:
        self._pattern = options.pattern
        self._flags = re.NOFLAG if options.case_sensitive else re.IGNORECASE
        try:
            self._compiled("target")
        except re.error as error:
            raise UsageError(
                f"metric.pattern: {options.pattern!r} is not a regular expression: {error}.",
                hint="Put a backslash before characters that are meant literally.",
            ) from None

    def _compiled(self, target: str) -> re.Pattern[str]:
        return re.compile(self._pattern.replace("{target}", re.escape(target.strip())), self._flags)

    def _compare(self, answer: str, target: str) -> float:
        return float(self._compiled(target).search(answer.strip()) is not None)
