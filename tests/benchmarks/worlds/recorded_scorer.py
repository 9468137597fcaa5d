"""A black box that answers from a record: a prompt is an instruction and, on the last line, a number."""

from abc import abstractmethod

from izcore.plugin import (
    Completion,
    CompletionRequest,
    CompletionResult,
    Price,
    Prompt,
    Scorer,
    ScorerInfo,
    Usage,
)

ONE_TOKEN = Usage(input_tokens=1, output_tokens=1)
TEMPLATE = "{instruction}\n{input}"


class RecordedScorer(Scorer):
    """Answers for nothing, and counts one token each way."""

    world: str
    batch_size: int

    def info(self) -> ScorerInfo:
        """Say which world answers."""
        return ScorerInfo(
            identity={"world": self.world},
            batch_size=self.batch_size,
            concurrency=1,
            price=Price(input=0, output=0),
        )

    def bound(self, prompt: Prompt) -> Usage:
        """Return one token each way."""
        return ONE_TOKEN

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Return what was recorded."""
        parts = [prompt.text.rpartition("\n") for prompt in request.prompts]
        return CompletionResult(
            completions=tuple(
                Completion(text=self.recorded(instruction, int(example)), usage=ONE_TOKEN)
                for instruction, _, example in parts
            )
        )

    @abstractmethod
    def recorded(self, instruction: str, example: int) -> str:
        """Return the answer under an instruction to an example; what was never asked is not answered."""
