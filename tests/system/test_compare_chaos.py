"""A comparison by two processes that are killed again and again ends as if nobody had touched it."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import iz_command, write_lines
from support.servers.protocol_server import Answer, Behaviour, Call, ProtocolServer

pytest.importorskip("izcore_compare", reason="it is what is killed")
pytest.importorskip("izcore_openai", reason="the model is asked over HTTP")
pytest.importorskip("izcore_tasks", reason="the task is a CSV file")

KILLS = int(os.environ.get("IZ_CHAOS_KILLS", "3"))
"""How often the comparison is killed; many take minutes."""
WORKERS = 2
CONCURRENCY = 4


def answer(call: Call) -> Behaviour:
    """How good an instruction is depends on its number: the landscape is known."""
    word = call.prompt.rpartition("Input: ")[2].partition("\n")[0]
    number = int(call.prompt.partition("Instruction ")[2].partition(".")[0] or 0)
    right = (int(word.removeprefix("word")) * 7 + number * 3) % 12 < number
    return Answer(word.upper() if right else word, delay=0.02)


class Comparison:
    """A comparison in a folder of its own, whose limit has room for what every kill may cut off of a run."""

    def __init__(self, folder: Path, server: ProtocolServer) -> None:
        folder.mkdir()
        rows = [f"word{number},WORD{number}" for number in range(60)]
        task = write_lines(folder / "task.csv", ["input,target", *rows])
        pool = write_lines(folder / "pool.txt", [f"Instruction {number}." for number in range(12)])
        self._server = server
        self._command = iz_command(
            *("compare", str(task), "--methods", "default,random", "--seeds", "2"),
            *("--max-calls", str(300 + KILLS * CONCURRENCY)),
            *("--workers", str(WORKERS), "--generator", f"pool:{pool}", "--scorer", "openai:gpt-4o-mini"),
            *("--metric", "exact_match", "--set", "metric.case_sensitive=true", "--json"),
            *("--set", "search.initial=6", "--set", "search.batch=3", "--set", "search.rounds=1"),
            *("--set", "splits.validation=12", "--set", "splits.test=12", "--set", "splits.retest=0"),
            *("--set", f"scorer.concurrency={CONCURRENCY}", "--db", str(folder / "runs.sqlite")),
        )

    def run(self, kill_after: list[int]) -> dict[str, Any]:
        """Kill the comparison after each number of further calls and start it again; return the result."""
        for more in kill_after:
            process = self._start()
            seen = len(self._server.exchanges) + more
            while process.poll() is None and len(self._server.exchanges) < seen:
                time.sleep(0.005)
            with_workers = process.poll() is None
            if with_workers:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if not with_workers:
                break
        process = self._start()
        output, errors = process.communicate(timeout=240)
        assert process.returncode == 0, errors
        result: dict[str, Any] = json.loads(output)
        return result

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self._command,
            env={**os.environ, "OPENAI_BASE_URL": self._server.openai_url, "OPENAI_API_KEY": "none"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def asked(server: ProtocolServer) -> Counter[str]:
    return Counter(json.dumps(exchange.call.body["messages"]) for exchange in server.exchanges)


def found(result: dict[str, Any]) -> Any:
    """What a comparison found, without what it took, to which calls belong that a kill cut off."""
    pairs = [{key: value for key, value in pair.items() if key != "seconds"} for pair in result["pairs"]]
    return [(method["name"], method["test"]) for method in result["methods"]], pairs


def test_kills_change_no_comparison_and_pay_for_nothing_twice(tmp_path: Path) -> None:
    with ProtocolServer(behave=answer) as server:
        expected = Comparison(tmp_path / "calm", server).run([])
        calm = asked(server)
    assert max(calm.values()) == 1, "two workers paid for the same"
    chance = random.Random(11)
    kill_after = [chance.randrange(1, max(2, 2 * len(calm) // (KILLS + 1))) for _ in range(KILLS)]
    with ProtocolServer(behave=answer) as server:
        result = Comparison(tmp_path / "killed", server).run(kill_after)
        killed = asked(server)
    assert found(result) == found(expected)
    assert set(killed) == set(calm)
    # An answer that was under way at a kill could not be known; every other one is asked once.
    assert sum(times - 1 for times in killed.values()) <= KILLS * WORKERS * CONCURRENCY
    print(f"{KILLS} kills, {len(calm)} prompts, {killed.total() - len(calm)} asked again")
