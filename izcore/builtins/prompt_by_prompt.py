"""What scorers have in common that answer one prompt after the other, and cannot say what they use."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from izcore.builtins.scorer_options import CallableOptions, CommandOptions
from izcore.plugin.calls import Completion, CompletionRequest, CompletionResult, Prompt, ScorerInfo, Usage
from izcore.plugin.protocols import Scorer


class PromptByPrompt(Scorer):
    """A scorer that runs a person's own code for each prompt. ``identity`` is what its answers depend on."""

    def __init__(self, options: CallableOptions | CommandOptions, identity: Mapping[str, Any]) -> None:
        self._info = ScorerInfo(
            identity={**identity, "receives": options.receives, "version": options.version},
            concurrency=options.concurrency,
            messages=options.receives == "messages",
        )

    def info(self) -> ScorerInfo:
        """Say that answers are this code's, as it is."""
        return self._info

    def bound(self, prompt: Prompt) -> Usage:
        """Return no tokens: a person's own code does not say how many it uses."""
        return Usage()

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Run the code once for each prompt; raises an IzError where it fails."""
        answers = [Completion(text=await self._answer(prompt)) for prompt in request.prompts]
        return CompletionResult(completions=tuple(answers))

    @abstractmethod
    async def _answer(self, prompt: Prompt) -> str:
        """Return the answer to a prompt."""
