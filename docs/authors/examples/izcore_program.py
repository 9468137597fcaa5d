"""A scorer that asks any program: the prompt on its standard input, the answer on its standard output."""

import asyncio
import os
import shlex
import signal
from typing import Annotated

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    CompletionResult,
    FatalScorerError,
    Meta,
    Options,
    Price,
    Prompt,
    Scorer,
    ScorerInfo,
    ScorerRegistration,
    TransientScorerError,
    Usage,
    UsageError,
    hookimpl,
    shortened,
)

IZCORE_API = 1


class ProgramOptions(Options):
    """What a user can set."""

    command: Annotated[str, Meta(min_length=1, description="The program and its arguments, as in a shell")]
    concurrency: Annotated[int, Meta(ge=1, le=64, description="Programs that run at once")] = 1
    timeout: Annotated[float, Meta(gt=0, description="Seconds that an answer may take")] = 60.0


class Program(Scorer):
    """Starts the program anew for every prompt. It costs nothing, so no tokens are counted."""

    def __init__(self, options: ProgramOptions, context: BackendContext) -> None:
        self._options = options
        try:
            self._command = shlex.split(options.command)
        except ValueError as error:
            raise UsageError(f"scorer.command: {error}.") from None

    def info(self) -> ScorerInfo:
        """Say everything that changes an answer: the command line, as far as anybody can know."""
        return ScorerInfo(
            identity={"scorer": "program", "command": self._command},
            concurrency=self._options.concurrency,
            price=Price(input=0, output=0),
        )

    def bound(self, prompt: Prompt) -> Usage:
        """Count no tokens."""
        return Usage()

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order; ``concurrency`` requests are under way at once."""
        completions = [Completion(text=await self._ask(prompt)) for prompt in request.prompts]
        return CompletionResult(completions=tuple(completions))

    async def _ask(self, prompt: Prompt) -> str:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            raise FatalScorerError(
                f"{self._command[0]} cannot be started: {error.strerror}.", hint="Check scorer.command."
            ) from None
        try:
            async with asyncio.timeout(self._options.timeout):
                answer, complaint = await process.communicate(prompt.text.encode("utf-8", "replace"))
        except TimeoutError:
            raise TransientScorerError(
                f"{self._command[0]} gave no answer in {self._options.timeout} seconds.",
                hint="Set scorer.timeout higher.",
            ) from None
        finally:
            # Also where the run is stopped meanwhile: no program goes on unheard.
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        if process.returncode:
            said = shortened(complaint.decode(errors="replace"))
            kind = TransientScorerError if process.returncode == os.EX_TEMPFAIL else FatalScorerError
            raise kind(f"{self._command[0]} left with code {process.returncode}. {said}".rstrip())
        return answer.decode(errors="replace").strip()


@hookimpl
def izcore_scorers() -> list[ScorerRegistration]:
    """Register the scorer."""
    return [
        ScorerRegistration(
            name="program",
            summary="Any program: prompt on standard input, answer on standard output",
            factory="izcore_program:Program",
            options=ProgramOptions,
            argument="command",
        )
    ]
