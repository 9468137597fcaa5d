"""Executors perform jobs on this machine: as outsiders' executors do, and Ctrl-C stops all their workers."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import izcore
from izcore.plugin import BackendError, ConfigError, InterruptedRunError, Job
from izcore.testing import ExecutorConformance, Subject

BUILTINS = "izcore.builtins.plugin"


class TestSequential(ExecutorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=BUILTINS, name="sequential")


class TestProcesses(ExecutorConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin=BUILTINS, name="processes", options={"workers": 2})


def job(function: str, **told: object) -> Job:
    """A job whose function is in this file's neighbour."""
    return Job(name=function, function=f"support.jobs:{function}", payload=json.dumps(told))


def test_workers_share_the_cores_and_are_processes_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    jobs = [job("tell", file=str(tmp_path / str(number))) for number in range(4)]
    assert sorted(izcore.build_executor("processes:2").run(jobs), key=jobs.index) == jobs
    told = [json.loads((tmp_path / str(number)).read_text()) for number in range(4)]
    assert os.getpid() not in {each["process"] for each in told}
    assert {each["threads"] for each in told} == {str(max(1, (os.cpu_count() or 1) // 2))}


def test_a_worker_that_dies_is_explained() -> None:
    with pytest.raises(BackendError, match="A worker process died"):
        list(izcore.build_executor("processes").run([job("die")]))


def test_the_number_of_workers_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"executor\.workers"):
        izcore.build_executor("processes:0")
    with pytest.raises(ConfigError, match=r"workers: unknown option"):
        izcore.build_executor("sequential", {"workers": 2})


def test_ctrl_c_stops_the_workers_within_their_jobs(tmp_path: Path) -> None:
    program = (
        "import sys, izcore\n"
        "from izcore.plugin import Job, interruptible\n"
        "if __name__ == '__main__':\n"
        "    jobs = [Job(name=n, function='support.jobs:wait', payload=sys.argv[1]) for n in 'abc']\n"
        "    with interruptible():\n"
        "        list(izcore.build_executor('processes').run(jobs))\n"
    )
    script = tmp_path / "script.py"
    script.write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, script, json.dumps({"folder": str(tmp_path)})],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(list(tmp_path.glob("*.begun"))) < 2:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert len(list(tmp_path.glob("*.begun"))) == len(list(tmp_path.glob("*.stopped"))) == 2


def test_a_job_that_stopped_stops_the_others() -> None:
    with pytest.raises(InterruptedRunError, match="Stopped by the user"):
        list(izcore.build_executor("processes").run([job("stop"), job("stop")]))
