"""The metrics: how an answer compares with an example's targets, as a score in [0, 1].

With several targets the best one counts. An example without targets scores 0. ``normalise`` says what of a
text counts (see :mod:`izcore.builtins.metrics.normalisation`): tasks of the paper ask for ``paper``, the
published normalisation; everything else is compared with ``standard``, which loses no digit or word.
"""

from izcore.builtins.metrics.options import (
    READINGS,
    CallableOptions,
    ChoiceOptions,
    FunctionOptions,
    JsonOptions,
    JudgeOptions,
    NumberOptions,
    RegexOptions,
    TextOptions,
)
from izcore.plugin.registrations import MetricRegistration


def _text_backend(name: str, summary: str, factory: str) -> MetricRegistration:
    return MetricRegistration(
        name=name,
        summary=summary,
        factory=f"izcore.builtins.metrics.text:{factory}",
        options=TextOptions,
        argument="normalise",
    )


METRICS: tuple[MetricRegistration, ...] = (
    _text_backend("exact_match", "The answer is a target", "ExactMatch"),
    _text_backend("f1", "Words that answer and target share (F1)", "F1"),
    _text_backend("exact_set", "The same words as a target, in any order", "ExactSet"),
    _text_backend("contains", "The answer contains a target as whole words", "Contains"),
    MetricRegistration(
        name="choice",
        summary="The answer names the right one of the example's choices",
        factory="izcore.builtins.metrics.choice:Choice",
        options=ChoiceOptions,
        argument="which",
    ),
    MetricRegistration(
        name="number",
        summary="The answer's first or last number is the target's",
        factory="izcore.builtins.metrics.number:Number",
        options=NumberOptions,
        argument="which",
    ),
    MetricRegistration(
        name="json",
        summary="The answer is the target as JSON: the whole value, or field by field",
        factory="izcore.builtins.metrics.json:Json",
        options=JsonOptions,
        argument="match",
    ),
    MetricRegistration(
        name="regex",
        summary="The answer matches a pattern with the target in it",
        factory="izcore.builtins.metrics.text:Regex",
        options=RegexOptions,
        argument="pattern",
    ),
    MetricRegistration(
        name="function",
        summary="Your own function: package.module:function",
        factory="izcore.builtins.metrics.function:Function",
        options=FunctionOptions,
        argument="path",
        functions=("path",),
    ),
    MetricRegistration(
        name="callable",
        summary="A function that was given in Python: metric=FUNCTION",
        factory="izcore.builtins.callables:CallableMetric",
        options=CallableOptions,
    ),
    MetricRegistration(
        name="judge",
        summary="A model grades by your own rubric; its calls count in the budget",
        factory="izcore.builtins.metrics.judge:Judge",
        options=JudgeOptions,
        argument="rubric",
        models=("judge",),
        most_asks=READINGS,
    ),
)
