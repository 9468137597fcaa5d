"""What the scripts of the comparison share: tasks as written, answers as counted, results as kept.

It needs nothing but the standard library, so that the other methods can have an environment of their own.
"""

import csv
import importlib.util
import json
import random
import urllib.request
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType

MODEL = "qwen"
ANSWER_TOKENS = 24
"""The most an answer may take, by every method: targets take up to five, marks around them 15."""

WRITING_TOKENS = 200
"""The most that a new prompt, or thoughts about one, may take."""

DEMONSTRATIONS, VALIDATION = 5, 20
AT_ONCE = 16

Message = dict[str, str]


@dataclass(frozen=True)
class Pair:
    """An input and its only target."""

    given: str
    wanted: str


@dataclass(frozen=True)
class Task:
    """A task as ``tasks.py`` wrote it: what to search with, what is sealed, and what a user has."""

    name: str
    path: Path
    searched: tuple[Pair, ...]
    sealed: tuple[Pair, ...]
    prompt: str
    clauses: tuple[str, ...]

    def shuffled(self, seed: int) -> tuple[Pair, ...]:
        """Return the examples to search with in an order of the seed's."""
        return tuple(random.Random(f"{self.name} {seed}").sample(self.searched, len(self.searched)))

    @property
    def with_clauses(self) -> tuple[str, ...]:
        """The user's prompt with each of the clauses behind it."""
        ended = self.prompt if self.prompt.endswith((".", "?")) else f"{self.prompt}."
        return tuple(f"{ended} {clause}" for clause in self.clauses)


def read_task(folder: Path, name: str) -> Task:
    """Return a task of the folder that ``tasks.py`` wrote."""
    about = json.loads((folder / f"{name}.json").read_text())
    train, test = (_pairs(folder / name / f"{split}.csv") for split in ("train", "test"))
    return Task(name, folder / name, train, test, about["prompt"], tuple(about["clauses"]))


def _pairs(path: Path) -> tuple[Pair, ...]:
    with path.open(newline="") as file:
        return tuple(Pair(row["input"], row["target"]) for row in csv.DictReader(file))


def _by_path(path: Path) -> ModuleType:
    """Import a module of izcore that needs nothing of it, where izcore is not installed."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_METRICS = Path(__file__).resolve().parents[3] / "izcore" / "builtins" / "metrics"
_normalise = _by_path(_METRICS / "normalisation.py").normalise


def right(answer: str, wanted: str) -> bool:
    """Whether the answer is the target, compared as izcore's metric ``exact_match`` does."""
    return bool(_normalise(answer, "standard") == _normalise(wanted, "standard"))


def share_right(answers: Sequence[str], pairs: Sequence[Pair]) -> float:
    """Return the share of the answers that are right."""
    return sum(right(answer, pair.wanted) for answer, pair in zip(answers, pairs, strict=True)) / len(pairs)


@dataclass(frozen=True)
class Endpoint:
    """The proxy, as one run sees it."""

    base_url: str
    run: str

    def ask_all(self, prompts: Sequence[list[Message]]) -> list[str]:
        """Return the greedy answers to prompts, several at once."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(self._ask, prompts))

    def _ask(self, messages: list[Message]) -> str:
        body = {"model": MODEL, "messages": messages, "max_tokens": ANSWER_TOKENS, "temperature": 0}
        request = urllib.request.Request(
            f"{self.base_url}/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.run}"},
        )
        with urllib.request.urlopen(request, timeout=600) as response:
            return str(json.load(response)["choices"][0]["message"]["content"])

    @property
    def sealed(self) -> "Endpoint":
        """The same for the final score, which is not counted."""
        return Endpoint(self.base_url, f"sealed-{self.run}")

    @property
    def calls(self) -> int:
        """What the run has used so far, as the proxy counts."""
        return self._counted()["calls"]

    @property
    def at_the_wall(self) -> bool:
        """Whether the run has used all that the proxy grants."""
        counted = self._counted()
        return counted["calls"] >= counted["budget"]

    def _counted(self) -> dict[str, int]:
        root = self.base_url.removesuffix("/v1")
        with urllib.request.urlopen(f"{root}/calls/{self.run}", timeout=600) as response:
            return dict(json.load(response))


def endpoint_for(base_url: str, *parts: str | int) -> Endpoint:
    """Return the proxy for a fresh run of that name."""
    return Endpoint(base_url, f"{'-'.join(map(str, parts))}/{uuid.uuid4().hex[:8]}")


@dataclass(frozen=True)
class Outcome:
    """What a method found for a task: a line of the results."""

    task: str
    method: str
    seed: int
    score: float
    calls: int
    prompt: str
    seconds: float = 0.0
    versions: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def append(self, results: Path) -> None:
        """Write the line, and say it."""
        with results.open("a") as file:
            file.write(json.dumps(asdict(self)) + "\n")
        print(
            f"{self.task:9} {self.method:32} {self.seed}  {self.score:.3f}  {self.calls:4} calls", flush=True
        )


def already_there(results: Path) -> set[tuple[str, str, int]]:
    """Return task, method and seed of what the results hold, which need not be done again."""
    lines = results.read_text().splitlines() if results.exists() else ()
    records = [json.loads(line) for line in lines]
    return {(record["task"], record["method"], record["seed"]) for record in records}
