"""The protocol server in a process of its own, with faults of all kinds and a record of every exchange.

::

    with ChaosServer(folder / "exchanges.jsonl", faults=0.2) as server:
        ...  # server.openai_url, server.url
    exchanges = server.exchanges()

Whether a call goes wrong, and how, depends on its prompt and on how often that was asked before: the same in
every run. The answer depends on the prompt alone.
"""

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from support import TESTS
from support.servers.protocol_answers import count
from support.servers.protocol_records import (
    Answer,
    Behaviour,
    Body,
    Call,
    Dropped,
    Failure,
    Filtered,
    NoChoices,
    Refusal,
)
from support.servers.protocol_server import ProtocolServer

SLOW_SECONDS = 2.5
"""Longer than the time-out of the test's clients."""

FAULTS: tuple[Callable[[], Behaviour], ...] = (
    lambda: Failure(429, retry_after="0.05"),
    lambda: Failure(429),
    lambda: Failure(408),
    lambda: Failure(409),
    lambda: Failure(500),
    lambda: Failure(503),
    lambda: Failure(529),
    Dropped,
    NoChoices,
    lambda: Body(b'{"choices": [{"mess'),
    lambda: Body(b"<html>Bad gateway</html>", "text/html"),
)
RARE_FAULT = 0.03
"""Share of the faults that are time-outs: each takes its time."""


@dataclass
class ChaosServer:
    """The server; a context manager. ``faults`` is the share of calls that go wrong."""

    log: Path
    faults: float = 0.2
    seed: int = 0
    url: str = field(default="", init=False)

    @property
    def openai_url(self) -> str:
        """What OPENAI_BASE_URL wants."""
        return f"{self.url}/v1"

    def exchanges(self) -> list[dict[str, Any]]:
        """Everything so far: ``prompt``, ``fault`` or None, tokens billed (``input`` and ``output``)."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]

    def seen(self) -> int:
        """How many calls there were so far."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def __enter__(self) -> Self:
        command = [
            sys.executable,
            "-m",
            "support.servers.chaos_server",
            str(self.log),
            str(self.faults),
            str(self.seed),
        ]
        self._process = subprocess.Popen(
            command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the chaos server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=20)


def answer_to(prompt: str) -> Behaviour:
    """Each instruction is right on a share of the inputs that is its own; a few prompts are refused."""
    instruction, _, rest = prompt.partition("Input: ")
    word = rest.partition("\n")[0]
    skill = random.Random(instruction).random()
    luck = random.Random(prompt).random()
    if luck < 0.01:
        return Refusal() if luck < 0.005 else Filtered()
    return Answer(word.upper() if luck < skill else "no idea")


def main() -> None:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="Serve answers and faults on a free loopback port.")
    parser.add_argument("log", type=Path)
    parser.add_argument("faults", type=float)
    parser.add_argument("seed", type=int)
    arguments = parser.parse_args()
    asked: Counter[str] = Counter()
    with arguments.log.open("a", buffering=1) as log:

        def behave(call: Call) -> Behaviour:
            attempt = asked[call.prompt]
            asked[call.prompt] += 1
            dice = random.Random(f"{arguments.seed} {attempt} {call.prompt}")
            behaviour, fault = answer_to(call.prompt), False
            if dice.random() < arguments.faults:
                slow = dice.random() < RARE_FAULT and isinstance(behaviour, Answer)
                behaviour = Answer(behaviour.text, delay=SLOW_SECONDS) if slow else dice.choice(FAULTS)()
                fault = True
            billed = not isinstance(behaviour, Failure)
            line = {
                "prompt": call.prompt,
                "fault": f"{type(behaviour).__name__} {getattr(behaviour, 'status', '')}" if fault else None,
                "input": (count(call.prompt) + count(call.system) + 8) * billed,
                "output": max(1, count(getattr(behaviour, "text", ""))) * billed,
            }
            log.write(json.dumps(line) + "\n")
            return behaviour

        with ProtocolServer(behave=behave) as server:
            print(server.url, flush=True)
            sys.stdin.read()


if __name__ == "__main__":
    main()
