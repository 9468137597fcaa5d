"""A task whose answers depend on instruction and example alone, behind a server that may misbehave."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import izcore
from support import write_lines
from support.servers.protocol_server import Answer, Behaviour, Call, ProtocolServer

BEST = "Rule 3: right in 95 of 100."
RULES = (
    *("Rule 1: right in 40 of 100.", "Rule 2: right in 55 of 100.", BEST),
    *(f"Rule {number}: right in {5 * number} of 100." for number in range(4, 9)),
)
MODELS = {"openai": "openai:gpt-4o-mini", "anthropic": "anthropic:claude-haiku-4-5"}
QUICKLY = {"retries": {"tries": 2, "max_wait": 0.01}}


def obey(call: Call) -> Behaviour:
    """Answer right on as many inputs as the rule says; which ones, its text decides."""
    return Answer(right_answer(call.prompt))


def right_answer(prompt: str) -> str:
    """The answer of the rule in a prompt to the last item in it."""
    item = re.findall(r"item(\d+)", prompt)[-1]
    rule = re.search(r"right in (\d+)", prompt)
    luck = int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 100
    return f"out{item}" if luck < int(rule[1] if rule else 5) else "wrong"


class RuleWorld:
    """The task in a folder, with one database; :meth:`optimize` searches the rules for the best.

    Everything happens in this process, so that hundreds of calls take a second.
    """

    def __init__(self, folder: Path, server: ProtocolServer, protocol: str = "openai") -> None:
        rows = [f"item{number},out{number}" for number in range(120)]
        self.task = str(write_lines(folder / "items.csv", ["input,target", *rows]))
        self.db = folder / "runs.sqlite"
        self._scorer = MODELS[protocol]
        self._url = server.openai_url if protocol == "openai" else server.url
        self._pool = write_lines(folder / "rules.txt", RULES)

    def options(self, **settings: Any) -> dict[str, Any]:
        """The options of a run, with more settings."""
        splits = {"demonstrations": 2, "validation": 20, "retest": 10, "test": 20}
        return {
            "scorer": self._scorer,
            "metric": "exact_match",
            "settings": {
                "scorer": {"base_url": self._url, "concurrency": 16, "timeout": 5},
                "splits": splits,
                "retries": QUICKLY["retries"],
                **settings,
            },
        }

    def splits(self, **settings: Any) -> Any:
        """The examples as every run with these settings splits them."""
        planned = izcore.plan(self.task, generator=f"pool:{self._pool}", **self.options(**settings))
        return planned.plan.splits

    def optimize(self, **settings: Any) -> izcore.RunResult:
        """Search, with these settings beside the world's."""
        return izcore.optimize(
            self.task, generator=f"pool:{self._pool}", db=self.db, **self.options(**settings)
        )

    def compare(self, *methods: str, **options: Any) -> Any:
        """Compare search methods on the rules."""
        return izcore.compare(
            self.task, methods, generator=f"pool:{self._pool}", db=self.db, **self.options(), **options
        )


def failing_on(inputs: set[str], fault: Callable[[], Behaviour]) -> Callable[[Call], Behaviour]:
    """Obey, but for prompts that ask about one of these inputs."""

    def behave(call: Call) -> Behaviour:
        item = re.findall(r"item\d+", call.prompt)[-1]
        return fault() if item in inputs else obey(call)

    return behave
