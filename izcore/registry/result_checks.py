"""Whether what a backend returns fits what it was asked, as far as its type does not show."""

import math
from typing import Any

import msgspec

from izcore.plugin.calls import Completion, CompletionRequest, CompletionResult, Prompt, Usage
from izcore.plugin.coordinates import CoordinateRequest, CoordinateResult
from izcore.plugin.evaluation import RungsRequest, RungsResult, StayRequest, StayResult
from izcore.plugin.examples import MetricRequest, MetricResult
from izcore.plugin.trials import (
    GenerateRequest,
    GenerateResult,
    LocateRequest,
    LocateResult,
    SuggestRequest,
    SuggestResult,
)
from izcore.plugin.usage import whole_tokens

MOST_TOKENS = 10**12
"""More than any call can have, and few enough to be added up for every call of a run."""


def with_whole_usage(result: object) -> object:
    """Return a result in which all numbers of tokens are whole numbers, fractions rounded up.

    They are advice: one that is no number loses no answer.
    """
    if not isinstance(result, CompletionResult) or not isinstance(result.completions, list | tuple):
        return result
    completions = tuple(
        each if not isinstance(each, Completion) or _is_whole(each.usage) else _with_whole_usage(each)
        for each in result.completions
    )
    return CompletionResult(completions=completions)


def _is_whole(usage: Any) -> bool:
    return isinstance(usage, Usage) and type(usage.input_tokens) is type(usage.output_tokens) is int


def _with_whole_usage(completion: Completion) -> Completion:
    told = completion.usage
    usage = Usage(
        input_tokens=whole_tokens(getattr(told, "input_tokens", None)),
        output_tokens=whole_tokens(getattr(told, "output_tokens", None)),
    )
    return msgspec.structs.replace(completion, usage=usage)


def misfit(request: object, result: object) -> str:
    """Say in what a result does not answer its request, such as "answered 3 of 4 prompts".

    Empty where it does, and where nothing is known about results of that type.
    """
    match request, result:
        case Prompt(), Usage():
            return _misfit_of_bound(result)
        case CompletionRequest(), CompletionResult():
            return _misfit_of_completions(len(request.prompts), len(result.completions))
        case MetricRequest(), MetricResult():
            return _misfit_of_scores(len(request.answers), result)
        case SuggestRequest(), SuggestResult():
            return _misfit_of_latents(request, result)
        case LocateRequest(), LocateResult():
            return _misfit_of_places(request, result)
        case GenerateRequest(), GenerateResult():
            return _misfit_of_candidates(len(request.latents), result)
        case RungsRequest(), RungsResult():
            return _misfit_of_rungs(request.examples, result)
        case CoordinateRequest(), CoordinateResult():
            return _misfit_of_values(result)
        case StayRequest(), StayResult():
            return _misfit_of_staying(len(request.scores), result)
    return ""


def _misfit_of_rungs(examples: int, result: RungsResult) -> str:
    sizes = [rung.examples for rung in result.rungs]
    if sizes != sorted(set(sizes)) or sizes[:1] < [1] or sizes[-1:] != [examples]:
        return f"gave rungs of {sizes} examples, which do not rise from at least 1 to all {examples}"
    wrong = [r.reduction for r in result.rungs if not (r.reduction >= 1 and math.isfinite(r.reduction))]
    if wrong:
        return f"gave the reduction {wrong[0]:g}, which is less than 1 or no number"
    shares = [rung.likely for rung in result.rungs if not 0 < rung.likely <= 1]
    if shares:
        return f"says that a share of {shares[0]:g} is likely to go on, which is not above 0 and at most 1"
    if result.instructions is not None and result.instructions < 1:
        return f"wants a round of {result.instructions} instructions"
    none = result.advance is not None and result.advance < 1
    return f"lets instructions go up {result.advance} rungs in a round" if none else ""


def _misfit_of_staying(instructions: int, result: StayResult) -> str:
    indices = result.indices
    if len(set(indices)) == len(indices) and set(indices) <= set(range(instructions)):
        return ""
    return f"let {list(indices)} stay, which are not different places of {instructions} instructions"


def _misfit_of_values(result: CoordinateResult) -> str:
    names = [value.name for value in result.values]
    if not names:
        return "offered no values"
    twice = sorted({name for name in names if names.count(name) > 1})
    return f"named two values {twice[0]!r}" if twice else ""


def _misfit_of_bound(bound: Usage) -> str:
    wrong = [n for n in (bound.input_tokens, bound.output_tokens) if not 0 <= n <= MOST_TOKENS]
    return f"said that a prompt takes {wrong[0]} tokens, which cannot be" if wrong else ""


def _misfit_of_completions(prompts: int, completions: int) -> str:
    return "" if completions == prompts else f"answered {completions} of {prompts} prompts"


def _misfit_of_scores(answers: int, result: MetricResult) -> str:
    if len(result.scores) != answers:
        return f"gave {len(result.scores)} scores for {answers} answers"
    wrong = [score for score in result.scores if score is not None and not 0.0 <= score <= 1.0]
    return f"gave the score {wrong[0]:g}, which is not from 0 to 1" if wrong else ""


def _misfit_of_latents(request: SuggestRequest, result: SuggestResult) -> str:
    if len(result.latents) != request.count:
        return f"suggested {len(result.latents)} latents, not {request.count}"
    lengths = {len(latent) for latent in result.latents} - {request.latent_dim}
    if lengths:
        return f"suggested a latent of {min(lengths)} numbers, not {request.latent_dim}"
    if result.bodies and len(result.bodies) != request.count:
        return f"named {len(result.bodies)} bodies for {request.count} latents"
    wrong = {body for body in result.bodies if body is not None} - set(range(len(request.bodies)))
    return f"named the body {min(wrong)}, and there are {len(request.bodies)}" if wrong else ""


def _misfit_of_places(request: LocateRequest, result: LocateResult) -> str:
    if len(result.latents) != len(request.history):
        return f"located {len(result.latents)} of {len(request.history)} trials"
    lengths = {len(latent) for latent in result.latents if latent is not None} - {request.latent_dim}
    return f"located a trial with {min(lengths)} numbers, not {request.latent_dim}" if lengths else ""


def _misfit_of_candidates(latents: int, result: GenerateResult) -> str:
    written = len(result.candidates)
    if written == latents or result.exhausted:
        return ""
    return f"wrote {written} instructions from {latents} latents"
