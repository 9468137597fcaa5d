"""The ``pool`` generator: which of these instructions, written by a person, is best?"""

from pathlib import Path

from izcore.builtins.options import PoolOptions
from izcore.errors import DataError
from izcore.plugin import (
    BackendContext,
    Candidate,
    GenerateRequest,
    GenerateResult,
    Generator,
    PrepareRequest,
    PrepareResult,
)


class PoolGenerator(Generator):
    """Offers the instructions of a file in their order, each once, whatever the latents say."""

    def __init__(self, options: PoolOptions, context: BackendContext) -> None:
        self._instructions = read_instructions(Path(options.file))

    def pool_size(self) -> int:
        """Return the number of distinct instructions in the file."""
        return len(self._instructions)

    def prepare(self, request: PrepareRequest) -> PrepareResult:
        """Say that latents have one dimension, which is a formality here."""
        return PrepareResult(latent_dim=1)

    def generate(self, request: GenerateRequest) -> GenerateResult:
        """Return the next instructions that the history does not hold."""
        tried = {trial.candidate.instruction for trial in request.history}
        untried = [text for text in self._instructions if text not in tried]
        offered = untried[: len(request.latents)]
        return GenerateResult(
            candidates=tuple(
                Candidate(latent=latent, instruction=text)
                for latent, text in zip(request.latents, offered, strict=False)
            ),
            exhausted=len(untried) <= len(request.latents),
        )

    def write_unsteered(self, request: PrepareRequest) -> Candidate | None:
        """Return None: people wrote these instructions, nothing steers them."""
        return None


def read_instructions(path: Path) -> tuple[str, ...]:
    """Read the distinct instructions of a text file, in order, without blank and comment lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file.", hint="Name a text file, one instruction per line."
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: not UTF-8 text (byte {error.start}).", hint="Save the file as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    lines = (line.strip() for line in text.splitlines())
    instructions = tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
    if not instructions:
        raise DataError(f"{path}: holds no instruction.", hint="Write one instruction per line.")
    return instructions
