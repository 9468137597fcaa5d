"""The scorer and the metric that call a Python function which a script or a notebook gave."""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from izcore.builtins.metrics.function import score_of
from izcore.builtins.metrics.options import CallableOptions as CallableMetricOptions
from izcore.builtins.prompt_by_prompt import PromptByPrompt
from izcore.builtins.scorer_options import CallableOptions
from izcore.plugin.calls import Prompt
from izcore.plugin.errors import BackendError, IzError, TransientScorerError, UsageError
from izcore.plugin.examples import MetricRequest, MetricResult
from izcore.plugin.function_digest import function_digest
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext

SHOWN = 60


class CallableScorer(PromptByPrompt):
    """Gives a function each prompt, and takes the text that it returns as the answer.

    A function that is not async runs on a thread of its own.
    """

    def __init__(self, options: CallableOptions, context: BackendContext) -> None:
        self._options = options
        self._function = _function_of("scorer", options.function, context)
        super().__init__(options, {"function": options.function, "code": function_digest(self._function)})

    async def _answer(self, prompt: Prompt) -> str:
        given = prompt.as_chat() if self._options.receives == "messages" else prompt.text
        name = self._options.function
        try:
            if inspect.iscoroutinefunction(self._function):
                answer = await self._function(given)
            else:
                answer = await asyncio.to_thread(self._function, given)
                answer = await answer if inspect.isawaitable(answer) else answer
        except IzError:
            raise
        except (ConnectionError, TimeoutError) as error:
            raise TransientScorerError(
                f"The scorer function {name} failed: {type(error).__name__}: {error}"
            ) from error
        except Exception as error:
            raise BackendError(
                f"The scorer function {name} failed on the prompt {prompt.text[:SHOWN]!r}: "
                f"{type(error).__name__}: {error}",
                hint="Mend it, and give it again to izcore.resume, with accept_changes=True. What may pass, "
                "such as an overload, it raises as TransientScorerError: that is tried again.",
            ) from error
        if not isinstance(answer, str):
            raise BackendError(
                f"The scorer function {name} returned {repr(answer)[:SHOWN]}, which is "
                f"{type(answer).__name__}, for the prompt {prompt.text[:SHOWN]!r}.",
                hint="It must return the answer as a text.",
            )
        return answer


class CallableMetric(Metric):
    """Calls a function with the answer and the targets."""

    def __init__(self, options: CallableMetricOptions, context: BackendContext) -> None:
        self._name = options.function
        self._function = _function_of("metric", options.function, context)

    async def score(self, request: MetricRequest) -> MetricResult:
        """Score each answer; raises BackendError that names the function where it fails."""
        pairs = zip(request.answers, request.examples, strict=True)
        return MetricResult(
            scores=tuple([await self._score(answer, example.targets) for answer, example in pairs])
        )

    async def _score(self, answer: str, targets: Sequence[str]) -> float:
        try:
            score = self._function(answer, targets)
            score = await score if inspect.isawaitable(score) else score
        except IzError:
            raise
        except Exception as error:
            raise BackendError(
                f"The metric function {self._name} failed on the answer {answer[:SHOWN]!r}: "
                f"{type(error).__name__}: {error}",
                hint="Mend it, and give it again to izcore.resume, with accept_changes=True.",
            ) from error
        return score_of(score, answer, self._name)


def _function_of(kind: str, name: str, context: BackendContext) -> Callable[..., Any]:
    """Return the function that was given; UsageError where it is not there and the run is to be carried out.

    While a run is only planned nobody calls it, so another stands in that ends in the same error.
    """
    if context.function is not None:
        return context.function
    missing = UsageError(
        f"The {kind} is the function {name}, which was given in Python and is not kept with the run.",
        hint=f"Give it again there: izcore.resume(RUN, {kind}={name.rpartition('.')[2]})",
    )
    if not context.planning:
        raise missing
    return _unavailable(missing)


def _unavailable(error: UsageError) -> Callable[..., Any]:
    def called(*given: object) -> str:
        raise error

    return called
