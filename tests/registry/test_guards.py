"""What plugins' backends give back is checked in one place, and faults name who is at fault."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from izcore.plugin import (
    Candidate,
    Completion,
    CompletionRequest,
    CompletionResult,
    Example,
    Executor,
    GenerateRequest,
    GenerateResult,
    Generator,
    Job,
    Metric,
    MetricRequest,
    MetricResult,
    PrepareRequest,
    PrepareResult,
    Prompt,
    Scorer,
    SuggestRequest,
    SuggestResult,
    Surrogate,
    Tracker,
    UsageError,
    hookimpl,
)
from izcore.plugin.errors import BackendError
from izcore.plugin.kinds import Kind
from izcore.registry.contributions import plugin_manager
from izcore.registry.guards import Guarded

PROMPTS = CompletionRequest(prompts=(Prompt(text="a"), Prompt(text="b")))
EXAMPLES = (Example(input="a", targets=("b",)),)
GRADED = MetricRequest(answers=("b",), examples=EXAMPLES)
SUGGESTED = SuggestRequest(history=(), count=2, latent_dim=2, seed=0)
WRITTEN = GenerateRequest(latents=((0.1,), (0.2,)), demonstrations=(), seed=0)


def guarded(kind: Kind, backend: object) -> Any:
    return Guarded(kind, backend, f"The {kind} 'odd' of zz-odd")


def fault_of(kind: Kind, base: type, method: str, request: object, result: object) -> str:
    """What a backend is blamed for that answers a request with a result."""
    backend = guarded(kind, type("Odd", (base,), {method: lambda self, request: result})())
    with pytest.raises(BackendError) as caught:
        getattr(backend, method)(request)
    assert caught.value.message.startswith(f"The {kind} 'odd' of zz-odd ")
    return caught.value.message


def test_a_result_that_does_not_answer_its_request_is_a_fault_of_the_plugin() -> None:
    for latents in ([(0.1, 0.2)], [(0.1, 0.2), (0.3,)], [(0.1, 0.2)] * 3):
        result = SuggestResult(latents=tuple(latents))
        assert "zz-odd suggested" in fault_of("surrogate", Surrogate, "suggest", SUGGESTED, result)
    at_hand = msgspec.structs.replace(SUGGESTED, bodies=(Candidate(latent=(), instruction="x"),))
    for bodies in ((0,), (0, None, None), (0, 1), (-1, None)):
        result = SuggestResult(latents=((0.1, 0.2), (0.3, 0.4)), bodies=bodies)
        assert "zz-odd named" in fault_of("surrogate", Surrogate, "suggest", at_hand, result)
    short = GenerateResult(candidates=(Candidate(latent=(0.1,), instruction="x"),))
    said = fault_of("generator", Generator, "generate", WRITTEN, short)
    assert "wrote 1 instructions from 2 latents" in said
    one = CompletionResult(completions=(Completion(text="x"),))
    assert "answered 1 of 2 prompts" in fault_of("scorer", Scorer, "complete", PROMPTS, one)
    for scores in ((), (1.0, 1.0), (1.5,), (-0.1,), (float("nan"),)):
        assert "zz-odd gave" in fault_of("metric", Metric, "score", GRADED, MetricResult(scores=scores))


def test_a_generator_that_has_nothing_more_may_write_fewer() -> None:
    result = GenerateResult(candidates=(), exhausted=True)
    odd = type("Odd", (Generator,), {"generate": lambda self, request: result})
    assert guarded("generator", odd()).generate(WRITTEN) is result


class Performing(Executor):
    """Performs one job, then fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        yield jobs[0]
        raise self._error


def test_what_comes_one_by_one_is_guarded_between() -> None:
    job = Job(name="first", function="a:b", payload="{}")
    performed = guarded("executor", Performing(ValueError("no room"))).run([job])
    assert next(performed) == job
    with pytest.raises(BackendError, match="of zz-odd failed in run: ValueError: no room"):
        next(performed)
    with pytest.raises(UsageError):
        list(guarded("executor", Performing(UsageError("two workers are too many"))).run([job]))


class Watching(Tracker):
    """Fails when a run starts."""

    @hookimpl
    def izcore_run_started(self, event: object) -> None:
        raise ValueError("cannot log in")


def test_a_tracker_observes_through_its_guard() -> None:
    manager = plugin_manager()
    manager.register(guarded("tracker", Watching()))
    with pytest.raises(BackendError, match=r"'odd' of zz-odd failed in izcore_run_started: ValueError"):
        manager.hook.izcore_run_started(event=None)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_cannot_be_kept_are_a_fault_of_the_plugin(number: float) -> None:
    latents = SuggestResult(latents=((0.1, 0.2), (0.3, number)))
    said = fault_of("surrogate", Surrogate, "suggest", SUGGESTED, latents)
    assert f"latents[1][1] is {number}, which is not a finite number" in said
    candidate = Candidate(latent=(0.1,), instruction="x", features=(1.0, number))
    written = GenerateResult(candidates=(candidate,), exhausted=True)
    assert "candidates[0].features[1]" in fault_of("generator", Generator, "generate", WRITTEN, written)
    prepared = PrepareResult(latent_dim=1, state={"scale": [number]})
    asked = PrepareRequest(demonstrations=(), seed=0)
    assert "state.scale[0]" in fault_of("generator", Generator, "prepare", asked, prepared)
