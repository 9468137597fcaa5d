"""Metrics: range, reflexivity, the published normalisation, and errors that name the culprit."""

import math
import re
import string
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.builtins.metrics import METRICS
from izcore.builtins.metrics.choice import Choice
from izcore.builtins.metrics.function import Function
from izcore.builtins.metrics.json import Json
from izcore.builtins.metrics.judge import Judge, read_grade
from izcore.builtins.metrics.normalisation import Normalisation, normalise, normalise_as_published
from izcore.builtins.metrics.number import Number
from izcore.builtins.metrics.options import (
    ChoiceOptions,
    FunctionOptions,
    JsonOptions,
    JudgeOptions,
    NumberOptions,
    RegexOptions,
    TextOptions,
)
from izcore.builtins.metrics.text import F1, Contains, ExactMatch, ExactSet, Regex, TextMetric
from izcore.plugin.errors import BackendError, ConfigError, UsageError
from izcore.plugin.examples import Example, MetricRequest
from izcore.plugin.options import convert_options
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext
from izcore.registry.imports import import_object

CONTEXT = BackendContext(seed=0, cache_dir="", data_dir="")
TEXT_METRICS: tuple[type[TextMetric], ...] = (ExactMatch, F1, ExactSet, Contains)
NORMALISATIONS: tuple[Normalisation, ...] = ("standard", "paper", "none")

# Text as it really comes: words, numbers, punctuation, line ends and a few scripts, besides anything at all.
pieces = st.sampled_from(
    [
        "yes",
        "No",
        "42",
        "-3.5",
        "1,000",
        " and ",
        "Sentence 1:",
        ".",
        "\n",
        '"',
        "(B)",
        "é",
        "ß",
        "日本",
        " ",
        "-",
    ]
)
texts = st.one_of(st.text(), st.lists(pieces, max_size=8).map("".join))
words = st.text(alphabet=string.ascii_letters + string.digits, min_size=1, max_size=8)


def every_metric() -> list[Metric]:
    return [
        *(cls(TextOptions(normalise=how), CONTEXT) for cls in TEXT_METRICS for how in NORMALISATIONS),
        *(cls(TextOptions(case_sensitive=True), CONTEXT) for cls in TEXT_METRICS),
        *(Choice(ChoiceOptions(which=which), CONTEXT) for which in ("first", "last", "only")),
        *(
            Number(NumberOptions(which=which, decimal=decimal, abs_tolerance=tolerance), CONTEXT)
            for which in ("first", "last")
            for decimal in (".", ",")
            for tolerance in (0.0, 0.5)
        ),
        *(Json(JsonOptions(match=match), CONTEXT) for match in ("exact", "fields")),
        Regex(RegexOptions(pattern="{target}"), CONTEXT),
    ]


def score(metric: Metric, answer: str, *targets: str, choices: tuple[str, ...] = ()) -> float:
    example = Example(input="?", targets=targets, choices=choices)
    return metric.score(MetricRequest(answers=(answer,), examples=(example,))).scores[0]


def text_metric(
    cls: type[TextMetric], how: Normalisation = "standard", case_sensitive: bool = False
) -> Metric:
    return cls(TextOptions(normalise=how, case_sensitive=case_sensitive), CONTEXT)


# --- properties of all ---------------------------------------------------------------------------


@given(answers=st.lists(texts, min_size=1, max_size=3), targets=st.lists(texts, max_size=3), more=texts)
def test_scores_are_in_range_and_a_batch_equals_single_answers(
    answers: list[str], targets: list[str], more: str
) -> None:
    example = Example(input="?", targets=tuple(targets), choices=(*targets, more))
    for metric in every_metric():
        request = MetricRequest(answers=tuple(answers), examples=(example,) * len(answers))
        scores = metric.score(request).scores
        assert all(0 <= each <= 1 for each in scores)
        assert scores == tuple(
            metric.score(MetricRequest(answers=(answer,), examples=(example,))).scores[0]
            for answer in answers
        )


@given(target=texts, others=st.lists(texts, max_size=3))
def test_a_target_answered_scores_one(target: str, others: list[str]) -> None:
    for metric in every_metric():
        assert score(metric, target, *others, target, choices=(*others, target)) == 1


@given(answer=texts, targets=st.lists(texts, min_size=1, max_size=4), data=st.data())
def test_the_best_target_counts_in_any_order(answer: str, targets: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(targets))
    for metric in every_metric():
        if isinstance(metric, Choice):
            continue
        together = score(metric, answer, *targets)
        assert together == score(metric, answer, *shuffled)
        assert together == max(score(metric, answer, target) for target in targets)


@given(answer=texts, choices=st.lists(texts, min_size=1, max_size=4, unique=True), data=st.data())
def test_the_order_of_choice_targets_is_irrelevant(
    answer: str, choices: list[str], data: st.DataObject
) -> None:
    targets = data.draw(st.lists(st.sampled_from(choices), min_size=1, unique=True))
    metric = Choice(ChoiceOptions(), CONTEXT)
    forwards = score(metric, answer, *targets, choices=tuple(choices))
    assert forwards == score(metric, answer, *reversed(targets), choices=tuple(choices))


@given(given=st.lists(words, min_size=1, max_size=4), wanted=st.lists(words, min_size=1, max_size=4))
def test_case_final_punctuation_and_spacing_do_not_matter(given: list[str], wanted: list[str]) -> None:
    target = " ".join(wanted)
    for cls in TEXT_METRICS:
        metric = text_metric(cls)
        plain = score(metric, " ".join(given), target)
        assert score(metric, " ".join(given).upper() + " .", target) == plain
        assert score(metric, '"' + "   ".join(given).lower() + '!"', target) == plain


def test_examples_without_targets_score_zero() -> None:
    for metric in every_metric():
        assert score(metric, "anything", choices=("anything", "nothing")) == 0


def test_answers_and_examples_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        text_metric(ExactMatch).score(MetricRequest(answers=("a",), examples=()))


def test_every_registered_metric_is_built_from_its_record(tmp_path: Path) -> None:
    arguments = {"pattern": "{target}", "path": "math:copysign", "rubric": "It is polite."}
    made_in_python = "callable"  # of a function that no record can hold
    for backend in METRICS:
        if backend.name == made_in_python:
            continue
        raw = {backend.argument: arguments[backend.argument]} if backend.argument in arguments else {}
        options = convert_options(backend.options, raw, where="metric")
        assert hasattr(import_object(backend.factory)(options, CONTEXT), "score")
    assert [backend.name for backend in METRICS] == [
        *("exact_match", "f1", "exact_set", "contains", "choice", "number", "json", "regex"),
        "function",
        made_in_python,
        "judge",
    ]


# --- text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("Positive.", "positive"),
        ("  The cat.  And more. ", "the cat"),
        ("first line\nsecond line", "first line"),
        ("Sentence 1: It rained", "it rained"),
        ("one hundred and twenty-two", "one hundred twenty two"),
        ("and", "and"),
        ("4 - almost perfectly", "4   almost perfectly"),
        ("-5", " 5"),
        ("3.14", "3"),
        ("it's (really) «good»!", "its really «good»"),
        ("ÄPFEL", "äpfel"),
        ("...", ""),
        ("", ""),
    ],
)
def test_the_published_normalisation(text: str, published: str) -> None:
    assert normalise_as_published(text) == published


def test_the_standard_normalisation_keeps_what_distinguishes_answers() -> None:
    metric = text_metric(ExactMatch)
    assert score(metric, "3.15", "3.14") == 0
    assert score(metric, "-5", "5") == 0
    assert score(metric, "Dr. Jones", "Dr. Smith") == 0
    assert score(metric, "positive\n\nBecause it praises.", "positive") == 0
    assert score(metric, "???", "!!!") == 0
    assert score(metric, "e\u0301te\u0301", "été") == 1
    assert score(metric, "**STRASSE**", "Straße") == 1
    assert score(metric, "“Paris.”", "paris") == 1
    assert score(text_metric(ExactMatch, "paper"), "3.15", "3.14") == 1


def test_case_counts_on_request() -> None:
    for how in NORMALISATIONS:
        assert score(text_metric(ExactMatch, how, case_sensitive=True), "Yes", "yes") == 0
        assert score(text_metric(ExactMatch, how), "Yes", "yes") == 1
    assert score(text_metric(ExactMatch, "none"), "yes.", "yes") == 0


def test_f1_is_the_harmonic_mean_of_precision_and_recall() -> None:
    metric = text_metric(F1)
    assert score(metric, "the cat sat", "the cat") == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))
    assert score(metric, "a a b", "a") == pytest.approx(0.5)
    assert score(metric, "", "a") == 0
    assert score(metric, "help repairs", "can help repair something", "help repairs.") == 1


def test_exact_set_ignores_order_number_and_commas() -> None:
    metric = text_metric(ExactSet)
    assert score(metric, "bear,beetle, Bear", "beetle, bear") == 1
    assert score(metric, "bear", "beetle, bear") == 0
    assert score(text_metric(ExactSet, "paper"), "Bear beetle", "beetle, bear") == 1


def test_contains_finds_whole_words_only() -> None:
    metric = text_metric(Contains)
    assert score(metric, "It is the process, I think.", "process") == 1
    assert score(metric, "processes", "process") == 0
    assert score(metric, "costs 5€ now", "5€") == 1
    assert score(metric, "anything", "") == 0
    paper = text_metric(Contains, "paper")
    assert score(paper, "A good answer is: process\nor drag", "process") == 1
    assert score(paper, "Let me see. process", "process") == 0


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("It\u2019s \u201cfine\u201d \u2013 really\u2026", 'it\'s "fine" - really'),
        ("\ufeffPa\u00adris\u200b", "Paris"),
        ("\uff13\uff12", "32"),
        ("\uff76\uff9e", "\u30ac"),
        ("\u300eKyoto\u300f", "kyoto"),
        ("$\\boxed{12}$.", "12"),
        ("\\boxed{\\text{Lima}}", "lima"),
        ("7", "7.0"),
        ("-20.00", "-20"),
    ],
)
def test_what_no_keyboard_distinguishes_is_equal(answer: str, target: str) -> None:
    assert score(text_metric(ExactMatch), answer, target) == 1
    assert score(text_metric(ExactMatch), target, answer) == 1


@pytest.mark.parametrize(("answer", "target"), [("1.10", "1.1"), ("007", "7"), ("7.01", "7"), ("5 0", "50")])
def test_digits_that_may_mean_something_are_kept(answer: str, target: str) -> None:
    assert score(text_metric(ExactMatch), answer, target) == 0


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("我的家乡是拉萨市。", "拉萨"),
        ("私の故郷は札幌です", "札幌"),
        ("บ้านเกิดของฉันคือเชียงใหม่ครับ", "เชียงใหม่"),
        ("고향은 부산입니다.", "부산"),
    ],
)
def test_a_word_is_found_where_a_script_puts_no_spaces(answer: str, target: str) -> None:
    assert score(text_metric(Contains), answer, target) == 1
    assert score(text_metric(Contains), answer, "東北") == 0
    assert score(Choice(ChoiceOptions(), CONTEXT), answer, target, choices=(target, "東北")) == 1


def test_characters_count_where_words_cannot() -> None:
    assert score(text_metric(F1), "北京市", "北京") == pytest.approx(0.8)
    assert score(text_metric(ExactSet), "熊、甲虫", "甲虫，熊") == 1
    assert score(text_metric(ExactSet), "京北", "北京") == 0


# --- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "exact", "fields"),
    [
        ('{"town": "Lima", "people": 3}', 1, 1),
        ('{ "people": 3.0,\n "town": "lima" }', 1, 1),
        ('Sure:\n```json\n{"town": "Lima", "people": 3}\n```', 1, 1),
        ('{"town": "Lima", "people": 4}', 0, 0.5),
        ('{"town": "Lima"}', 0, 0.5),
        ('{"town": "Lima", "people": 3, "river": null}', 0, 2 / 3),
        ('{"town": "Lima", "people": true}', 0, 0.5),
        ('[{"town": "Lima", "people": 3}]', 0, 0),
        ("Lima, 3", 0, 0),
        ("{" * 100_000, 0, 0),
        ("[" * 100_000, 0, 0),
        ("9" * 10_000, 0, 0),
        ("", 0, 0),
    ],
)
def test_json_is_compared_as_values(answer: str, exact: float, fields: float) -> None:
    target = '{"town": "Lima", "people": 3}'
    assert score(Json(JsonOptions(), CONTEXT), answer, target) == exact
    assert score(Json(JsonOptions(match="fields"), CONTEXT), answer, target) == pytest.approx(fields)


def test_json_compares_lists_in_order_and_other_targets_as_text() -> None:
    metric = Json(JsonOptions(), CONTEXT)
    assert score(metric, "[1, 2]", "[1.0,2]") == 1
    assert score(metric, "[2, 1]", "[1, 2]") == 0
    assert score(metric, "1", "true") == 0
    assert score(metric, "not JSON.", "Not JSON") == 1
    assert score(Json(JsonOptions(case_sensitive=True), CONTEXT), '["a"]', '["A"]') == 0


# --- grades --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "grade"),
    [
        ("4", 0.8),
        ("**2**.", 0.4),
        ("3/5", 0.6),
        ("Grade: 4.5", 0.9),
        ("Rating (0-5): 1", 0.2),
        ("Score (0 = worst, 5 = best): **5**", 1),
        ("It names 2 of 3 towns.\nFinal grade: 3 out of 5\n\nThank you.", 0.6),
        ("I hesitated between 2 and 4.\n4", 0.8),
        ("The grade is 0.", 0),
    ],
)
def test_a_grade_is_read(reply: str, grade: float) -> None:
    assert read_grade(reply, 5) == pytest.approx(grade)


@pytest.mark.parametrize(
    "reply",
    [
        *("", "good", "Grade: five", "Grade: -1", "-1", "Grade: 7", "6", "8/10", "Grade: 2-4", "1e3"),
        *("The answer has 3 sentences.", "On a scale of 0 to 5", "Grade: 4, since 1 of 5 words is wrong"),
    ],
)
def test_what_may_be_another_number_is_no_grade(reply: str) -> None:
    assert read_grade(reply, 5) is None


def test_the_judge_sees_all_that_the_prompt_shows() -> None:
    judge = Judge(JudgeOptions(rubric="It is right."), CONTEXT)
    example = Example(input="Where?", targets=("Bonn",), fields={"passage": "In Bonn.", "question": "Where?"})
    assert "\n\nInput: Passage: In Bonn.\nQuestion: Where?\n\n" in judge.prompt("Bonn", example)


# --- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("The answer is 42.", "42"),
        ("2 + 3 = 5", "5"),
        ("1,234,567", "1234567"),
        ("It costs -$1,000.50!", "-1000.5"),
        ("10-5", "5"),
        ("−7", "-7"),
        ("(+3)", "3.0"),
        (".5", "0.5"),
        ("1.5e3 metres", "1500"),
        ("5\u202f000", "5000"),
        ("٤٢", "42"),
        ("99999999999999999999", "99999999999999999999"),
        ("1e9999", "1e9999"),
        ("twelve", "Twelve."),
    ],
)
def test_numbers_that_are_equal(answer: str, target: str) -> None:
    assert score(Number(NumberOptions(), CONTEXT), answer, target) == 1


@pytest.mark.parametrize(
    ("answer", "target"),
    [
        ("-5", "5"),
        ("42 of 50", "42"),
        ("none", "0"),
        ("99999999999999999998", "99999999999999999999"),
        ("5", "twelve"),
        ("", "1"),
        ("1e9999", "1e9998"),
    ],
)
def test_numbers_that_differ(answer: str, target: str) -> None:
    assert score(Number(NumberOptions(), CONTEXT), answer, target) == 0


def test_number_options() -> None:
    assert score(Number(NumberOptions(which="first"), CONTEXT), "42 of 50", "42") == 1
    assert score(Number(NumberOptions(abs_tolerance=0.01), CONTEXT), "3.1416", "3.14") == 1
    assert score(Number(NumberOptions(abs_tolerance=0.01), CONTEXT), "3.16", "3.14") == 0
    assert score(Number(NumberOptions(decimal=","), CONTEXT), "1.234,5", "1234,5") == 1
    with pytest.raises(ConfigError, match="abs_tolerance"):
        convert_options(NumberOptions, {"abs_tolerance": -1}, where="metric")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them(number: float) -> None:
    metric = Number(NumberOptions(), CONTEXT)
    assert score(metric, f"it is {number!r}", repr(number)) == 1
    assert score(metric, repr(number), repr(math.nextafter(number, math.inf))) == 0


@given(st.integers())
def test_numbers_with_thousands_separators(number: int) -> None:
    assert score(Number(NumberOptions(), CONTEXT), f"So: {number:,}.", str(number)) == 1


# --- choices -------------------------------------------------------------------------------------

ANIMALS = ("cat", "dog", "cat fish")


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        ("dog", "dog"),
        ("The dog!", "dog"),
        ("a CAT FISH, clearly", "cat fish"),
        ("(B)", "dog"),
        ("c.", "cat fish"),
        ("**B**", "dog"),
        ("B) because it barks, unlike a cat", "dog"),
        ("The answer is B", "dog"),
        ("Answer: (C), not a dog", "cat fish"),
        ("I would take (A)", "cat"),
        ("dog, then cat", "dog"),
        ("catalogue", None),
        ("Z", None),
        ("", None),
    ],
)
def test_the_choice_that_an_answer_names(answer: str, named: str | None) -> None:
    metric = Choice(ChoiceOptions(), CONTEXT)
    for animal in ANIMALS:
        assert score(metric, answer, animal, choices=ANIMALS) == (animal == named)


def test_choice_options() -> None:
    assert score(Choice(ChoiceOptions(which="last"), CONTEXT), "dog or cat", "cat", choices=ANIMALS) == 1
    only = Choice(ChoiceOptions(which="only"), CONTEXT)
    assert score(only, "dog or cat", "dog", choices=ANIMALS) == 0
    assert score(only, "a cat fish", "cat fish", choices=ANIMALS) == 1
    assert score(Choice(ChoiceOptions(letters=False), CONTEXT), "B", "dog", choices=ANIMALS) == 0


def test_choices_that_differ_little_or_are_letters() -> None:
    metric = Choice(ChoiceOptions(), CONTEXT)
    assert score(metric, "non-entailment", "entailment", choices=("entailment", "non-entailment")) == 0
    assert score(metric, "IT", "IT", choices=("it", "IT")) == 1
    assert score(metric, "B", "B", choices=("B", "A")) == 1
    assert score(metric, "the (b) one", "(b)", choices=("(a)", "(b)")) == 1


def test_choice_without_choices_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="needs examples with choices"):
        score(Choice(ChoiceOptions(), CONTEXT), "a", "a")


# --- regular expressions -------------------------------------------------------------------------


def test_regex_takes_the_target_literally() -> None:
    metric = Regex(RegexOptions(pattern=r"^answer:\s*{target}$"), CONTEXT)
    assert score(metric, " Answer: 1+1 ", "1+1") == 1
    assert score(metric, "answer: 111", "1+1") == 0
    assert score(Regex(RegexOptions(pattern=r"^\d{2}$"), CONTEXT), "42", "whatever") == 1
    assert score(Regex(RegexOptions(pattern="{target}", case_sensitive=True), CONTEXT), "YES", "yes") == 0


def test_a_broken_pattern_is_named() -> None:
    with pytest.raises(UsageError, match=re.escape("'({target}' is not a regular expression")):
        Regex(RegexOptions(pattern="({target}"), CONTEXT)


# --- the user's own ------------------------------------------------------------------------------

OWN = """
import numpy
print("noise")
def half(answer, targets): print("more noise"); return 0.5
def equal(answer, targets): return answer in targets
def numpy_score(answer, targets): return numpy.float32(0.25)
def numpy_truth(answer, targets): return numpy.bool_(answer in targets)
def numpy_zero_dimensional(answer, targets): return numpy.array(0.5)
def numpy_many(answer, targets): return numpy.array([0.5, 0.5])
def too_much(answer, targets): return 1.5
def nothing(answer, targets): return None
def not_a_number(answer, targets): return float("nan")
def fails(answer, targets): return targets[9]
constant = 3
"""


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "own_scores.py").write_text(OWN)
    (tmp_path / "broken_scores.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    monkeypatch.delitem(sys.modules, "own_scores", raising=False)
    return "own_scores"


def own(name: str) -> Metric:
    return Function(FunctionOptions(path=f"own_scores:{name}"), CONTEXT)


def test_a_function_in_the_current_folder_is_called(
    own_module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = list(sys.path)
    assert score(own("half"), "a", "b") == 0.5
    assert score(own("equal"), "a", "b", "a") == 1
    assert score(own("numpy_score"), "a", "b") == 0.25
    assert score(own("numpy_truth"), "a", "a") == 1
    assert score(own("numpy_zero_dimensional"), "a", "b") == 0.5
    assert sys.path == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_much", "returned 1.5"),
        ("nothing", "returned None"),
        ("numpy_many", "returned array"),
        ("not_a_number", "returned nan"),
        ("fails", "IndexError"),
    ],
)
def test_a_function_that_misbehaves_is_named(own_module: str, name: str, message: str) -> None:
    metric = own(name)
    with pytest.raises(BackendError, match=f"own_scores:{name}.*{message}"):
        score(metric, "a", "b")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("own_scores", "package.module:function"),
        ("own_scores:hlaf", "does not exist\\.\nDid you mean half"),
        ("own_scores:constant", "is not a function"),
        ("no_such_scores:f", "ModuleNotFoundError"),
        ("broken_scores:f", "ZeroDivisionError"),
    ],
)
def test_a_function_that_cannot_be_had_is_named(own_module: str, path: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Function(FunctionOptions(path=path), CONTEXT)
    assert path.partition(":")[0] in str(caught.value)


@given(text=texts)
def test_normalising_standard_twice_changes_nothing(text: str) -> None:
    once = normalise(text, "standard")
    assert normalise(once, "standard") == once
