"""The models that answer in recordings: a chat model that follows instructions, and the embedded one."""

import asyncio
import contextlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from izcore.config.paths import Paths
from izcore.plugin import CompletionRequest, Prompt
from izcore.registry.registry import discover

SLOTS = 8
CONTEXT = 512
"""Tokens of a slot: a prompt with three exemplars has half as many."""


class BlackBox(Protocol):
    """Answers prompts that begin alike, each up to the first line break or ``room`` tokens."""

    def answer(self, prompts: Sequence[Prompt], room: int) -> list[str]:
        """Return one answer per prompt, greedily unless a prompt has a temperature."""

    @property
    def description(self) -> dict[str, Any]:
        """What the header of a world says of the model."""


class LlamaCpp:
    """A GGUF file by llama.cpp's server within this process.

    Several slots decode together, which costs little more than one; each keeps how its last prompt began.
    """

    def __init__(self, model: Path, threads: int) -> None:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(model)
        params.n_ctx, params.n_parallel, params.port = CONTEXT * SLOTS, SLOTS, 0
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
        with _quiet():
            self._server = xllamacpp.Server(params)
        self._model, self._version = model, xllamacpp.__version__

    def answer(self, prompts: Sequence[Prompt], room: int) -> list[str]:
        """Return one answer per prompt."""
        with _quiet(), ThreadPoolExecutor(SLOTS) as pool:
            return list(pool.map(lambda prompt: self._answer(prompt, room), prompts))

    def _answer(self, prompt: Prompt, room: int) -> str:
        messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
        request = {
            "messages": [*messages, {"role": "user", "content": prompt.text}],
            "max_tokens": room,
            "temperature": prompt.temperature or 0,
            "seed": prompt.sample,
            "stop": ["\n"],
            "cache_prompt": True,
        }
        return str(self._server.handle_chat_completions(request)["choices"][0]["message"]["content"] or "")

    @property
    def description(self) -> dict[str, Any]:
        """The file and the program."""
        return {"model": "Qwen2.5-Coder-0.5B-Instruct, Q4_K_M GGUF", "by": f"xllamacpp {self._version}"}


class Embedded:
    """The model that comes with the project, by its own scorer."""

    def __init__(self, room: int) -> None:
        registry, context = discover(), Paths.of_this_user().context(0)
        options = {"max_new_tokens": room, "stop": ["\n"]}
        self._scorer = registry.build("scorer", registry.choose("scorer", "hf", options), context)

    def answer(self, prompts: Sequence[Prompt], room: int) -> list[str]:
        """Return one answer per prompt."""
        result = asyncio.run(self._scorer.complete(CompletionRequest(prompts=tuple(prompts))))
        return [completion.text for completion in result.completions]

    @property
    def description(self) -> dict[str, Any]:
        """What identifies the scorer's answers."""
        return dict(self._scorer.info().identity)


@contextlib.contextmanager
def _quiet() -> Any:
    """Send what native code prints to nowhere: llama.cpp tells of every request."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
