"""Before any call: does the metric fit the task, and is it too loose for it?"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from statistics import fmean

from izcore.config.paths import Paths
from izcore.engine.metric_advice import LONG
from izcore.plugin.errors import IzError
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Metric
from izcore.plugin.target_profile import profile_targets
from izcore.registry.choices import BackendChoice
from izcore.registry.registry import Registry
from izcore.scoring.evaluator import score_answers

ECHO_SCORES = 0.2
"""A metric that gives the inputs more than this, when they are given back as answers, is too loose."""

ECHO_FAILS = 0.05
"""A metric that gives them no more than this is proposed instead."""

STRICTER = ("choice:only", "exact_match")
"""Metrics of the core, the more forgiving first, of which the first that fits a task is proposed."""


def check_metric(
    registry: Registry, choice: BackendChoice, examples: Sequence[Example], paths: Paths
) -> tuple[str, ...]:
    """Score the targets as if they were answers, then the inputs; return notes on what was found.

    A metric that does not fit the examples fails here, before any call is paid for. One that is content with
    an answer that repeats the input would crown an instruction to repeat it, so that is said, with a metric
    that is not. A metric that asks a model is not tried.
    """
    if registry.find("metric", choice.name).backend.models or not examples:
        return ()
    metric: Metric = registry.build("metric", choice, paths.context(seed=0))
    _mean_score(metric, [example.targets[0] for example in examples], examples)
    with suppress(IzError):  # a function of the user's need not be ready for any text
        echo = _echo_score(metric, examples)
        if echo > ECHO_SCORES:
            return (_echo_note(registry, choice, echo, examples, paths),)
    return ()


def _echo_note(
    registry: Registry, choice: BackendChoice, echo: float, examples: Sequence[Example], paths: Paths
) -> str:
    note = f"An answer that only repeats the input scores {echo:.2f} by {choice.name}"
    profile = profile_targets(examples)
    if profile.form == "text" and profile.words >= LONG:
        # No answer has just the words of a long target: a metric that wants them would give nobody anything.
        return f"{note}, for it shares words with what is wanted: what counts is what is scored beyond that."
    for name in STRICTER:
        with suppress(IzError):  # it does not fit the task
            metric = registry.build("metric", registry.choose("metric", name, {}), paths.context(seed=0))
            stricter = _echo_score(metric, examples)
            if stricter <= ECHO_FAILS:
                return f"{note}, which may be too loose for this task; {name} gives it {stricter:.2f}."
    return f"{note}: what is wanted is close to the input."


def _echo_score(metric: Metric, examples: Sequence[Example]) -> float:
    return _mean_score(metric, [example.full_input for example in examples], examples)


def _mean_score(metric: Metric, answers: Sequence[str], examples: Sequence[Example]) -> float:
    scores = asyncio.run(score_answers(metric, answers, examples))
    return fmean(score or 0.0 for score in scores)
