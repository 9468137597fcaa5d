"""Two commands that ask a model the same at the same moment: whoever asks, each prompt is paid once."""

import json
import os
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support import iz_command, without_times, write_lines
from support.servers.protocol_server import Answer, Behaviour, Call, ProtocolServer

pytest.importorskip("izcore_openai", reason="the model is asked over HTTP")
pytest.importorskip("izcore_tasks", reason="the task is a CSV file")


def capitals(call: Call) -> Behaviour:
    word = call.prompt.rpartition("Input: ")[2].partition("\n")[0]
    return Answer(word.upper() if "3" in call.prompt else word)


def test_two_equal_runs_at_once_pay_each_prompt_once_and_end_alike(tmp_path: Path) -> None:
    rows = [f"word{number},WORD{number}" for number in range(40)]
    task = write_lines(tmp_path / "task.csv", ["input,target", *rows])
    pool = write_lines(tmp_path / "pool.txt", [f"Instruction {number}." for number in range(6)])
    with ProtocolServer(behave=capitals, latency=0.05) as server:
        command = iz_command(
            *("optimize", str(task), "--generator", f"pool:{pool}", "--scorer", "openai:gpt-4o-mini"),
            *("--metric", "exact_match", "--max-calls", "150", "--set", "budget.count_cached=true"),
            *("--set", "search.initial=6", "--set", "search.rounds=0", "--set", "evaluation.policy=full"),
            *("--set", "splits.validation=10", "--set", "splits.test=10", "--set", "splits.retest=0"),
            *("--json", "--db", str(tmp_path / "runs.sqlite")),
        )
        environment = {**os.environ, "OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "none"}
        processes = [
            subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) for _ in range(2)
        ]
        first, second = (json.loads(process.communicate(timeout=60)[0]) for process in processes)
        asked = Counter(exchange.call.prompt for exchange in server.exchanges)
    assert set(asked.values()) == {1}
    assert first["calls"] + second["calls"] == len(asked)

    def answered(result: dict[str, Any]) -> int:
        return int(result["calls"] + result["cached_calls"])

    assert answered(first) == answered(second) == len(asked)
    spending = ("calls", "cached_calls", "tokens", "cost_usd", "best")
    assert without_times(first, *spending) == without_times(second, *spending)
    assert first["best"]["test"] == second["best"]["test"]
    assert not list(tmp_path.glob("*/claims-*"))
