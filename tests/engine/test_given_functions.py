"""Functions as scorer and metric: what they are given, how they fail, and that a run needs the same again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from support.in_process import called

import izcore
from izcore.plugin import TransientScorerError
from izcore.plugin.function_digest import function_digest, function_name

SETTINGS: dict[str, Any] = {
    "generator": {"name": "phrases", "phrases": ["Write the input in reverse.", "Say it."]},
    "search": {"initial": 2, "rounds": 0},
    "splits": {"validation": 3, "retest": 0, "test": 2},
    "evaluation": {"policy": "full"},
    "retries": {"tries": 2, "max_wait": 0.01},
}


def reverse(prompt: str) -> str:
    word = prompt.split("Input:")[1].split("Output:")[0].strip()
    return word[::-1] if "reverse" in prompt else word


def same(answer: str, targets: Sequence[str]) -> float:
    return float(answer in targets)


def optimize(scorer: Any, metric: Any = same, **options: Any) -> izcore.RunResult:
    return izcore.optimize(
        "mirror",
        scorer=scorer,
        metric=metric,
        surrogate="sobol",
        settings={**SETTINGS, **({"scorer": options} if options else {})},
    )


def instruction(result: izcore.RunResult) -> str:
    assert result.best is not None
    assert result.best.test is not None
    return result.best.instruction


def test_functions_are_scorer_and_metric() -> None:
    result = optimize(reverse)
    assert instruction(result).endswith("Write the input in reverse.")
    (config,) = (run.config for run in izcore.runs() if isinstance(run, izcore.RunRecord))
    assert config.scorer.name == "callable"
    assert config.scorer.options["function"] == f"{__name__}.reverse"
    assert config.metric is not None
    assert config.metric.options["function"] == f"{__name__}.same"


def test_async_functions_and_messages() -> None:
    async def answer(messages: list[dict[str, str]]) -> str:
        assert messages[-1]["role"] == "user"
        return reverse(messages[-1]["content"])

    async def compared(answer: str, targets: Sequence[str]) -> float:
        return same(answer, targets)

    result = optimize(answer, compared, receives="messages", concurrency=3)
    assert instruction(result).endswith("Write the input in reverse.")


def fails(prompt: str) -> str:
    raise ValueError(f"no index for {len(prompt)}")


@pytest.mark.parametrize(
    ("scorer", "metric", "told"),
    [
        (fails, same, f"The scorer function {__name__}.fails failed on the prompt .*ValueError: no index"),
        (lambda prompt: 7, same, "The scorer function .*lambda> returned 7, which is int"),
        (reverse, lambda answer, targets: 2, "The metric function .*lambda> returned 2 for the answer"),
        (reverse, lambda answer: 1, "The metric function .*lambda> failed on the answer .*TypeError"),
    ],
)
def test_what_a_function_does_wrong_is_one_clear_line(
    scorer: Callable[..., Any], metric: Callable[..., Any], told: str
) -> None:
    with pytest.raises(izcore.BackendError, match=told) as failed:
        optimize(scorer, metric)
    assert "\n" not in failed.value.message


def test_what_may_pass_is_tried_again() -> None:
    tried: list[str] = []

    def answer(prompt: str) -> str:
        tried.append(prompt)
        if tried.count(prompt) < 2:
            raise TransientScorerError("Overloaded.") if len(tried) % 2 else ConnectionError("Reset.")
        return reverse(prompt)

    assert instruction(optimize(answer)).endswith("Write the input in reverse.")
    assert len(tried) == 2 * len(set(tried))


def interrupted(scorer: Callable[..., Any]) -> str:
    """Begin a run that the scorer ends, and return its name."""
    with pytest.raises(izcore.BackendError):
        optimize(scorer)
    return izcore.runs()[0].id


def test_a_run_goes_on_with_the_same_function_alone() -> None:
    class Pipeline:
        def __init__(self) -> None:
            self.calls = 0

        def __call__(self, prompt: str) -> str:
            self.calls += 1
            if self.calls == 4:
                raise RuntimeError("the index is gone")
            return reverse(prompt)

    pipeline = Pipeline()
    run_id = interrupted(pipeline)
    code, _, complaint = called("resume", run_id)
    assert code == 2
    told = " ".join(complaint.split())
    assert "Pipeline, which is not kept with it" in told
    assert "izcore.resume(RUN, scorer=…)" in told
    with pytest.raises(izcore.UsageError, match=r"given is .*\.reverse"):
        izcore.resume(run_id, scorer=reverse, metric=same)
    result = izcore.resume(run_id, scorer=pipeline, metric=same)
    assert instruction(result).endswith("Write the input in reverse.")
    assert pipeline.calls == result.calls + 1, "what was answered is not asked again"


def made(factor: int) -> Callable[[str], str]:
    def answer(prompt: str) -> str:
        if factor == 1:
            raise RuntimeError("unfinished")
        return reverse(prompt)

    return answer


def test_a_function_that_changed_must_be_accepted() -> None:
    run_id = interrupted(made(1))
    with pytest.raises(izcore.UsageError, match=r"depends on changed.*scorer\.code"):
        izcore.resume(run_id, scorer=made(2), metric=same)
    result = izcore.resume(run_id, scorer=made(2), metric=same, accept_changes=True)
    assert [change.name for change in result.changes if change.accepted] == ["scorer.code"]


def test_a_function_that_a_run_has_no_use_for_is_refused() -> None:
    scored: list[str] = []

    def tires(answer: str, targets: Sequence[str]) -> float:
        scored.append(answer)  # six of them before the run begins, to see whether it fits
        return same(answer, targets) if len(scored) < 8 else 2

    with pytest.raises(izcore.BackendError):
        optimize("obedient", tires)
    with pytest.raises(izcore.UsageError, match="scorer is obedient, and no function"):
        izcore.resume("last", scorer=reverse)


def test_functions_are_told_apart_by_code_and_by_what_they_hold() -> None:
    assert function_digest(made(2)) == function_digest(made(2)) != function_digest(made(3))
    assert function_digest(partial(reverse, "a")) != function_digest(partial(reverse, "b"))
    assert function_name(partial(reverse, "a")) == f"{__name__}.reverse"
    assert function_digest(reverse) != function_digest(fails)
    assert function_digest(len) != function_digest(reverse)
