"""Checks of metrics."""

from typing import Any

import msgspec
import pytest

from izcore.plugin.calls import AskRequest, AskResult
from izcore.plugin.examples import Agreement, Example, MetricRequest, MetricResult
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext, BackendRegistration
from izcore.testing.backends import BackendConformance, Make
from izcore.testing.conformance import finished, needs, travelled, unchanged
from izcore.testing.subject import Subject

Examples = tuple[Example, ...]
WRONG_ANSWERS = ("something else", "No.", "“Größe” 🙂\n\nline two", "0")


class MetricConformance(BackendConformance):
    """What the core relies on in a metric. Metrics that ask a model get the fixture ``ask``."""

    kind = "metric"
    methods = ("score", "agreement")

    @pytest.fixture
    def examples(self) -> Examples:
        """Examples that the metric can score: with one and two targets, and with choices."""
        words = (("cat", ("cats",)), ("child", ("children", "kids")), ("box", ("boxes",)))
        choices = ("cats", "children", "kids", "boxes")
        return tuple(Example(input=word, targets=targets, choices=choices) for word, targets in words)

    def test_one_score_per_answer(self, make: Make, examples: Examples) -> None:
        """There are as many scores as answers."""
        request = _perfect(examples)
        _check_count(request, finished(make().score(request)))

    def test_scores_lie_between_0_and_1(self, make: Make, examples: Examples) -> None:
        """A score is a number from 0 to 1, or None for what could not be graded, whatever the answer says."""
        for answer in WRONG_ANSWERS:
            request = MetricRequest(answers=(answer,) * len(examples), examples=examples)
            for score in _score(make(), request).scores:
                assert score is None or 0 <= score <= 1, answer

    def test_target_scores_1(self, make: Make, examples: Examples) -> None:
        """An answer that is a target scores 1, whichever of several targets it is."""
        pairs = [(target, example) for example in examples for target in example.targets]
        request = MetricRequest(answers=tuple(t for t, _ in pairs), examples=tuple(e for _, e in pairs))
        wrong = [
            target
            for target, score in zip(request.answers, _score(make(), request).scores, strict=True)
            if score != 1
        ]
        assert wrong == []

    def test_empty_answer_is_scored(self, make: Make, examples: Examples) -> None:
        """A model may say nothing at all; that has a score as well."""
        request = MetricRequest(answers=("",) * len(examples), examples=examples)
        _score(make(), request)

    def test_batch_equals_single(self, make: Make, examples: Examples) -> None:
        """An answer scores the same alone as among others, so scores are in the order of the answers."""
        answers = tuple(
            example.targets[0] if number % 2 else WRONG_ANSWERS[0] for number, example in enumerate(examples)
        )
        together = _score(make(), MetricRequest(answers=answers, examples=examples)).scores
        alone = [
            _score(make(), MetricRequest(answers=(answer,), examples=(example,))).scores[0]
            for answer, example in zip(answers, examples, strict=True)
        ]
        assert list(together) == alone

    def test_same_answers_same_scores(self, make: Make, examples: Examples) -> None:
        """Asked the same twice, it scores the same: comparisons of instructions rest on it."""
        metric = make()
        assert _score(metric, _perfect(examples)) == _score(metric, _perfect(examples))

    def test_scores_travel(self, make: Make, examples: Examples) -> None:
        """Scores are the same after the way through the database: plain floats, not NumPy's."""
        result = _score(make(), _perfect(examples))
        assert travelled(result) == result

    def test_request_is_left_as_it_was(self, make: Make, examples: Examples) -> None:
        """Nothing that it is given is changed."""
        request = _perfect(examples)
        with unchanged(request):
            _score(make(), request)

    def test_unanswered_question_gives_no_score(
        self, subject: Subject, backend: BackendRegistration, context: BackendContext, examples: Examples
    ) -> None:
        """Where the model that it asks gives no answer, the score is None: missing, not bad."""
        if not backend.models:
            pytest.skip("asks no model")

        async def silence(request: AskRequest) -> AskResult:
            return AskResult(completions=(None,) * len(request.prompts))

        metric = subject.build(backend, msgspec.structs.replace(context, ask=silence))
        assert set(_score(metric, _perfect(examples)).scores) == {None}

    def test_agreement_is_a_share(self, make: Make, examples: Examples) -> None:
        """``agreement`` gives None, or how far two gradings of at least one answer agree, from 0 to 1."""
        agreement: Any = finished(make().agreement(_perfect(examples)))
        if agreement is not None:
            assert isinstance(agreement, Agreement)
            assert 0 <= agreement.share <= 1
            assert 0 <= agreement.difference <= 1
            assert 1 <= agreement.n <= len(examples)


def _perfect(examples: Examples) -> MetricRequest:
    return MetricRequest(answers=tuple(example.targets[0] for example in examples), examples=examples)


def _score(metric: Metric, request: MetricRequest) -> MetricResult:
    result = finished(metric.score(request))
    needs("test_one_score_per_answer", lambda: _check_count(request, result))
    return result


def _check_count(request: MetricRequest, result: MetricResult) -> None:
    assert len(result.scores) == len(request.answers)
