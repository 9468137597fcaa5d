"""A black box that repeats its input; backwards if the instruction says so."""

from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    CompletionResult,
    Meta,
    Options,
    Price,
    Prompt,
    Scorer,
    ScorerInfo,
    ScorerRegistration,
    Usage,
    hookimpl,
)

IZCORE_API = 1


class EchoOptions(Options):
    """What a user can set."""

    marks: Annotated[int, Meta(ge=0, description="Exclamation marks at the end")] = 0


class Echo(Scorer):
    """Answers every prompt with its input."""

    def __init__(self, options: EchoOptions, context: BackendContext) -> None:
        self._marks = options.marks

    def info(self) -> ScorerInfo:
        """Say everything that changes an answer."""
        return ScorerInfo(identity={"scorer": "echo", "marks": self._marks}, price=Price(input=0, output=0))

    def bound(self, prompt: Prompt) -> Usage:
        """Count no tokens: they cost nothing."""
        return Usage()

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order."""
        return CompletionResult(
            completions=tuple(Completion(text=self._answer(prompt.text)) for prompt in request.prompts)
        )

    def _answer(self, prompt: str) -> str:
        instruction, _, rest = prompt.rpartition("Input: ")
        text = rest.removesuffix("\nOutput:")
        return (text[::-1] if "backwards" in instruction else text) + "!" * self._marks


@hookimpl
def izcore_scorers() -> list[ScorerRegistration]:
    """Register the scorer."""
    return [
        ScorerRegistration(
            name="echo",
            summary="Repeats its input, backwards if asked to",
            factory="izcore_echo:Echo",
            options=EchoOptions,
            argument="marks",
        )
    ]
