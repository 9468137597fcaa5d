"""Ctrl-C waits for the answers that are paid for, wherever it comes from, and then no more is spent."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import iz_command, write_lines
from support.servers.protocol_server import Answer, Behaviour, Call, ProtocolServer

import izcore
from izcore.storage.store import Store

pytest.importorskip("izcore_openai", reason="the model is asked over HTTP")
pytest.importorskip("izcore_tasks", reason="the task is a CSV file")

CONCURRENCY = 4
SETTINGS: dict[str, Any] = {
    "search": {"initial": 6, "rounds": 0},
    "evaluation": {"policy": "full"},
    "splits": {"validation": 10, "test": 10, "retest": 0},
    "scorer": {"concurrency": CONCURRENCY},
}


class Stopped:
    """A task, prompts and a database for runs that are stopped, and the server that counts their calls."""

    def __init__(self, folder: Path, server: ProtocolServer) -> None:
        rows = [f"word{number},WORD{number}" for number in range(40)]
        pool = write_lines(folder / "pool.txt", [f"Instruction {number}." for number in range(6)])
        self.received = 0
        self.seconds = 0.3
        server.behave = self._answer
        self.db = folder / "runs.sqlite"
        self.options: dict[str, Any] = {
            "task": str(write_lines(folder / "task.csv", ["input,target", *rows])),
            "generator": f"pool:{pool}",
            "scorer": "openai:gpt-4o-mini",
            "metric": "exact_match",
            "settings": SETTINGS,
            "db": str(self.db),
        }
        self.environment = {"OPENAI_BASE_URL": server.openai_url, "OPENAI_API_KEY": "none"}

    def start(self, program: str) -> "subprocess.Popen[str]":
        """Run a program that reads the options of ``izcore.optimize`` from its argument."""
        return subprocess.Popen(
            [sys.executable, "-c", program, json.dumps(self.options)],
            env={**os.environ, **self.environment},
            stderr=subprocess.PIPE,
            text=True,
        )

    def _answer(self, call: Call) -> Behaviour:
        self.received += 1
        word = call.prompt.rpartition("Input: ")[2].partition("\n")[0]
        return Answer(word.upper(), delay=self.seconds)

    def until_calls(self, count: int) -> None:
        """Wait until the server has received so many calls."""
        deadline = time.monotonic() + 60
        while self.received < count:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def assert_kept(self, *, lost: int = 0) -> None:
        """All that the server answered is on disk, and the run goes on where it stands."""
        answered = self.received
        self.seconds = 0.0
        assert answered <= 10 + 2 * CONCURRENCY, "it went on spending"
        with Store(self.db) as store:
            (run,) = store.runs()
            assert run.status == "interrupted"
            assert store.lost(run.id).calls == lost
            assert store.progress(run.id).calls == answered - lost
        result = izcore.resume(run.id, db=self.db)
        assert result.status == "done"
        assert result.lost_calls == lost
        assert self.received == 60 + 20 + lost


@pytest.fixture
def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopped]:
    with ProtocolServer() as server:
        found = Stopped(tmp_path, server)
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


SCRIPT = """
import json, sys, izcore
izcore.optimize(**json.loads(sys.argv[1]))
"""
NOTEBOOK = """
import asyncio, json, sys, izcore
async def cell():
    izcore.optimize(**json.loads(sys.argv[1]))
# As a notebook's kernel does: an interrupt raises KeyboardInterrupt in the cell.
asyncio.new_event_loop().run_until_complete(cell())
"""
AWAITED = """
import asyncio, json, signal, sys, izcore
async def cell():
    # As a notebook's kernel does for a cell that awaits: nothing wakes the loop up.
    signal.signal(signal.SIGINT, lambda *_, task=asyncio.current_task(): task.cancel())
    await izcore.aoptimize(**json.loads(sys.argv[1]))
asyncio.new_event_loop().run_until_complete(cell())
"""


@pytest.mark.parametrize(
    ("program", "error"),
    [
        pytest.param(SCRIPT, "InterruptedRunError: Stopped.", id="script"),
        pytest.param(NOTEBOOK, "InterruptedRunError: Stopped.", id="notebook"),
        pytest.param(AWAITED, "CancelledError", id="awaited in a notebook"),
    ],
)
def test_an_interrupt_waits_for_paid_answers_and_spends_no_more(
    program: str, error: str, stopped: Stopped
) -> None:
    process = stopped.start(program)
    stopped.until_calls(10)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert error in errors
    stopped.assert_kept()


def test_a_second_interrupt_does_not_wait(stopped: Stopped) -> None:
    stopped.seconds = 30.0
    process = stopped.start(SCRIPT)
    stopped.until_calls(CONCURRENCY)
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.communicate(timeout=1.5)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    stopped.assert_kept(lost=CONCURRENCY)


def test_a_command_says_that_it_waits(stopped: Stopped) -> None:
    arguments = [f"--{name}={stopped.options[name]}" for name in ("generator", "scorer", "metric", "db")]
    sets = [f"--set={t}.{k}={v}" for t, options in SETTINGS.items() for k, v in options.items()]
    process = subprocess.Popen(
        iz_command("optimize", stopped.options["task"], *arguments, *sets), stderr=subprocess.PIPE, text=True
    )
    stopped.until_calls(10)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "waiting for answers that are paid for" in errors
    stopped.assert_kept()


def test_who_cancels_an_awaited_run_stops_it_and_can_go_on(stopped: Stopped) -> None:
    async def cancelled() -> float:
        began = time.monotonic()
        run = asyncio.create_task(izcore.aoptimize(**stopped.options))
        while stopped.received < 10:
            await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        return time.monotonic() - began

    asyncio.run(cancelled())
    stopped.assert_kept()


def test_an_awaited_run_leaves_the_loop_free_and_returns_its_result(stopped: Stopped) -> None:
    stopped.seconds = 0.02

    async def beside() -> tuple[str, int]:
        run = asyncio.create_task(izcore.aoptimize(**stopped.options))
        beats = 0
        while not run.done():
            await asyncio.sleep(0.01)
            beats += 1
        return (await run).status, beats

    status, beats = asyncio.run(beside())
    assert status == "done"
    assert beats > 20


def test_an_awaited_run_refuses_options_that_it_does_not_have() -> None:
    with pytest.raises(izcore.UsageError, match="seeed"):
        asyncio.run(izcore.aoptimize("mirror", seeed=1))  # type: ignore[call-arg]
