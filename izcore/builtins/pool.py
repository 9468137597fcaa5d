"""The ``pool`` generator: which of these instructions, written by a person, is best?"""

from izcore.builtins.options import PoolOptions
from izcore.plugin import (
    USER,
    BackendContext,
    Candidate,
    GenerateRequest,
    GenerateResult,
    Generator,
    PrepareRequest,
    PrepareResult,
    read_instructions,
    user_path,
)


class PoolGenerator(Generator):
    """Offers the instructions of a file in their order, each once, whatever the latents say."""

    def __init__(self, options: PoolOptions, context: BackendContext) -> None:
        self._instructions = read_instructions(user_path(options.file))

    def pool_size(self) -> int:
        """Return the number of distinct instructions in the file."""
        return len(self._instructions)

    def longest_instruction(self) -> int:
        """Return the bytes of the longest instruction in the file."""
        return max(len(text.encode("utf-8", "surrogatepass")) for text in self._instructions)

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Say that latents have one dimension, which is a formality here."""
        return PrepareResult(latent_dim=1)

    def generate(self, request: GenerateRequest) -> GenerateResult:
        """Return the next instructions that the history does not hold."""
        tried = {trial.candidate.sentence for trial in request.history}
        untried = [text for text in self._instructions if text not in tried]
        offered = untried[: len(request.latents)]
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=text, writer=USER)
                for latent, text in zip(request.latents, offered, strict=False)
            ),
            exhausted=len(untried) <= len(request.latents),
        )
