"""The scorer that starts a program for every prompt."""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from izcore.builtins.prompt_by_prompt import PromptByPrompt
from izcore.builtins.scorer_options import CommandOptions
from izcore.plugin.calls import Prompt
from izcore.plugin.digests import file_digest
from izcore.plugin.errors import TransientScorerError, UsageError
from izcore.plugin.plain_text import plain_line
from izcore.plugin.registrations import BackendContext

WHOLE_UP_TO = 2**26
"""Bytes up to which a file that the command names is read whole, to notice that it changed."""

TOLD = 200
"""Characters of a program's last words that are shown."""


class CommandScorer(PromptByPrompt):
    """Gives a program each prompt on standard input, and takes its standard output as the answer.

    Nothing is known of its tokens and its price.
    """

    def __init__(self, options: CommandOptions, context: BackendContext) -> None:
        self._options = options
        try:
            self._arguments = shlex.split(options.command)
        except ValueError as error:
            raise UsageError(f"scorer.command: {options.command!r} cannot be split: {error}.") from None
        program = shutil.which(self._arguments[0]) if self._arguments else None
        if program is None:
            raise UsageError(
                f"scorer.command: there is no program {(self._arguments or [''])[0]!r}.",
                hint='Write, for example, --scorer "command:python rag.py"; a script is named by its path.',
            )
        self._arguments[0] = program
        contents = _contents(shlex.split(options.command))
        super().__init__(options, {"command": options.command, **contents})

    async def _answer(self, prompt: Prompt) -> str:
        given = prompt.text
        if self._options.receives == "messages":
            given = "".join(f"{msgspec.json.encode(each).decode()}\n" for each in prompt.as_chat())
        # In a session of its own Ctrl-C does not reach it: what is under way is waited for.
        process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._options.timeout):
                out, err = await process.communicate(given.encode("utf-8", "replace"))
        except TimeoutError:
            raise TransientScorerError(
                f"The program {self._options.command!r} gave no answer within {self._options.timeout:g} s.",
                hint="Give it longer with --set scorer.timeout=SECONDS.",
                may_be_billed=True,
            ) from None
        finally:
            await _end(process)
        if process.returncode:
            raise TransientScorerError(
                f"The program {self._options.command!r} ended with exit code {process.returncode}"
                f"{_last_line(err)}",
                hint="Try it by hand: echo PROMPT | COMMAND",
            )
        return out.decode("utf-8", "replace").rstrip("\r\n")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill what is left of a program, and of those that it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        await process.wait()


def _last_line(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return f": {plain_line(lines[-1])[:TOLD]}" if lines else ", and said nothing on standard error."


def _contents(arguments: list[str]) -> Mapping[str, str]:
    """Return digests of the files that a command names, since its answers depend on their content."""
    files = [each for each in arguments if Path(each).is_file()]
    return {f"content of {each}": file_digest(Path(each), whole_up_to=WHOLE_UP_TO)[:12] for each in files}
