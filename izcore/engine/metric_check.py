"""Before any call: does the metric fit the task, and is it too loose for it?"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from statistics import fmean

from izcore.config.paths import Paths
from izcore.plugin.errors import IzError
from izcore.plugin.examples import Example
from izcore.plugin.protocols import Metric
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
    an answer that repeats the input would crown an instruction to repeat it, so that is said. A metric that
    asks a model is not tried.
    """
    if registry.find("metric", choice.name).backend.models or not examples:
        return ()
    score = partial(_mean_score, registry, examples=examples, paths=paths)
    targets = [example.targets[0] for example in examples]
    inputs = [example.full_input for example in examples]
    score(choice, targets)
    with suppress(IzError):  # a function of the user's need not be ready for any text
        echo = score(choice, inputs)
        if echo > ECHO_SCORES:
            return (_echo_note(registry, choice, echo, partial(score, answers=inputs)),)
    return ()


def _echo_note(
    registry: Registry, choice: BackendChoice, echo: float, score_inputs: Callable[[BackendChoice], float]
) -> str:
    note = f"An answer that only repeats the input scores {echo:.2f} by {choice.name}"
    for name in STRICTER:
        with suppress(IzError):  # it does not fit the task
            stricter = score_inputs(registry.choose("metric", name, {}))
            if stricter <= ECHO_FAILS:
                return f"{note}, which may be too loose for this task; {name} gives it {stricter:.2f}."
    return f"{note}: what is wanted is close to the input."


def _mean_score(
    registry: Registry,
    choice: BackendChoice,
    answers: Sequence[str],
    *,
    examples: Sequence[Example],
    paths: Paths,
) -> float:
    metric: Metric = registry.build("metric", choice, paths.context(seed=0))
    scores = asyncio.run(score_answers(metric, answers, examples))
    return fmean(score or 0.0 for score in scores)
