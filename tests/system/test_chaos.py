"""2,000 calls, a fifth of them going wrong, the process killed again and again: nothing is lost."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import iz_command, without_times, write_lines
from support.servers.chaos_server import ChaosServer

from izcore.plugin.calls import Price
from izcore.storage.store import Store

CONCURRENCY = 16
PRICE = Price(input=1.0, output=2.0)
"""US dollars per million tokens."""


@dataclass(frozen=True)
class Case:
    """How much is asked, of which protocol, and how often the process is killed."""

    model: str
    instructions: int
    kills: int

    @property
    def calls(self) -> int:
        return self.instructions * 20 + 120


OPENAI = Case("openai:gpt-4o-mini", 95, 8)
ANTHROPIC = Case("anthropic:claude-haiku-4-5", 20, 5)


class Chaos:
    """One case in a folder of its own: a task, prompts to choose from, a database, logs."""

    def __init__(self, folder: Path, case: Case, server: ChaosServer, *limits: str) -> None:
        folder.mkdir()
        words = [f"word{number}" for number in range(100)]
        rows = write_lines(folder / "words.csv", ["input,target", *(f"{w},{w.upper()}" for w in words)])
        pool = write_lines(folder / "pool.txt", [f"Instruction {n}." for n in range(case.instructions)])
        self._server, self.calls_log, self._db = server, folder / "calls.jsonl", folder / "runs.sqlite"
        self._first = (
            *("optimize", str(rows), "--scorer", case.model, "--generator", f"pool:{pool}"),
            *("--metric", "exact_match", "--set", "metric.case_sensitive=true", *limits),
            *("--set", "splits.validation=20", "--set", "splits.test=60", "--set", "splits.demonstrations=5"),
            *("--set", f"search.initial={case.instructions}", "--set", "search.rounds=0"),
            *("--set", "evaluation.policy=full", "--set", "splits.retest=0"),
            *("--set", f"scorer.concurrency={CONCURRENCY}", "--set", "scorer.timeout=1"),
            *("--set", f"scorer.price.input={PRICE.input}", "--set", f"scorer.price.output={PRICE.output}"),
            *("--set", "scorer.max_output_tokens=8", "--set", "retries.tries=12"),
            *("--set", "retries.max_wait=0.1"),
        )

    def run(self, kill_at: list[int]) -> dict[str, Any]:
        """Run, kill whenever the server has seen so many calls, resume until done; return the result."""
        process = self._start(*self._first)
        for seen in kill_at:
            while process.poll() is None and self._server.seen() < seen:
                time.sleep(0.01)
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process = self._start("resume", self.run_id)
        output, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
        result: dict[str, Any] = json.loads(output)
        return result

    @property
    def run_id(self) -> str:
        with Store(self._db) as store:
            return store.runs()[0].id

    def answered(self) -> Counter[str]:
        """How often each prompt was answered, as far as the process lived to write it down."""
        lines = self.calls_log.read_text().split("\n")[:-1]
        logged = [json.loads(line) for line in lines if line.endswith("}")]
        return Counter(line["prompt"] for line in logged if line["outcome"] == "answered")

    def trials(self) -> list[tuple[str, float | None]]:
        with Store(self._db) as store:
            return [(trial.candidate.instruction, trial.mean) for trial in store.trials(self.run_id)]

    def _start(self, *arguments: str) -> "subprocess.Popen[str]":
        urls = {"OPENAI_BASE_URL": self._server.openai_url, "ANTHROPIC_BASE_URL": self._server.url}
        return subprocess.Popen(
            iz_command(*arguments, "--json", "--log-file", str(self.calls_log), "--log-text"),
            env={**os.environ, **urls, "IZ_DB": str(self._db)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def billed(server: ChaosServer) -> tuple[int, float]:
    """Calls and US dollars on the provider's bill: whatever the server worked for, seen by us or not."""
    exchanges = [each for each in server.exchanges() if each["input"]]
    dollars = sum(each["input"] * PRICE.input + each["output"] * PRICE.output for each in exchanges) / 1e6
    return len(exchanges), dollars


SPENDING = ("calls", "lost_calls", "cached_calls", "tokens", "cost_usd")


@pytest.mark.parametrize("case", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
def test_faults_and_kills_change_no_result_and_no_answer_is_paid_twice(case: Case, tmp_path: Path) -> None:
    with ChaosServer(tmp_path / "calm.jsonl", faults=0) as server:
        calm = Chaos(tmp_path / "calm", case, server)
        expected = calm.run([])
        assert expected["calls"] == len(server.exchanges()) == case.calls
    moments = random.Random(3)
    limits = ("--max-calls", str(case.calls * 2), "--max-cost", "5")
    with ChaosServer(tmp_path / "chaos.jsonl", faults=0.2) as server:
        chaos = Chaos(tmp_path / "chaos", case, server, *limits)
        kill_at = sorted(moments.randrange(1, case.calls) for _ in range(case.kills))
        result = chaos.run(kill_at)
        exchanges, (calls, dollars) = server.exchanges(), billed(server)
    assert without_times(result, *SPENDING) == without_times(expected, *SPENDING)
    assert chaos.trials() == calm.trials()

    kinds = Counter(each["fault"] for each in exchanges if each["fault"])
    assert 0.15 < kinds.total() / len(exchanges) < 0.25
    assert case is ANTHROPIC or len(kinds) >= 10, kinds

    # What was answered is never asked again; an answer that a kill cut off could not be known.
    assert max(chaos.answered().values()) == 1
    sound = Counter(each["prompt"] for each in exchanges if not each["fault"])
    assert sum(times - 1 for times in sound.values()) <= CONCURRENCY * case.kills

    # The bill is never above what we say, and that is never above the limit.
    assert calls <= result["calls"] <= case.calls * 2
    assert dollars <= result["cost_usd"] <= 5
    assert result["lost_calls"] <= kinds.total() + CONCURRENCY * case.kills


@pytest.mark.parametrize("limit", ["calls", "cost"])
def test_a_limit_that_bites_holds_on_the_bill(limit: str, tmp_path: Path) -> None:
    case = ANTHROPIC
    most = {"calls": 300, "cost": 0.04}[limit]
    with ChaosServer(tmp_path / "chaos.jsonl", faults=0.2) as server:
        chaos = Chaos(tmp_path / "chaos", case, server, f"--max-{limit}", str(most))
        result = chaos.run([40, 90, 150])
        calls, dollars = billed(server)
    assert "budget is used up" in result["conclusion"]
    lost = f"Of its calls {result['lost_calls']} got no answer"
    assert (lost in result["conclusion"]) == bool(result["lost_calls"])
    assert result["best"]["test"]["score"] is not None, "the reserve pays for the final test"
    spent, told = {"calls": (calls, result["calls"]), "cost": (dollars, result["cost_usd"])}[limit]
    assert spent <= told <= most
    assert told > most / 10
