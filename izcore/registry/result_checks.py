"""Whether what a backend returns fits what it was asked, as far as its type does not show."""

from izcore.plugin.records import (
    CompletionRequest,
    CompletionResult,
    GenerateRequest,
    GenerateResult,
    MetricRequest,
    MetricResult,
    SuggestRequest,
    SuggestResult,
)


def misfit(request: object, result: object) -> str:
    """Say in what a result does not answer its request, such as "answered 3 of 4 prompts".

    Empty where it does, and where nothing is known about results of that type.
    """
    match request, result:
        case CompletionRequest(), CompletionResult():
            return _misfit_of_completions(len(request.prompts), len(result.completions))
        case MetricRequest(), MetricResult():
            return _misfit_of_scores(len(request.answers), result)
        case SuggestRequest(), SuggestResult():
            return _misfit_of_latents(request, result)
        case GenerateRequest(), GenerateResult():
            return _misfit_of_candidates(len(request.latents), result)
    return ""


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
    return f"suggested a latent of {min(lengths)} numbers, not {request.latent_dim}" if lengths else ""


def _misfit_of_candidates(latents: int, result: GenerateResult) -> str:
    written = len(result.candidates)
    if written == latents or result.exhausted:
        return ""
    return f"wrote {written} instructions from {latents} latents"
