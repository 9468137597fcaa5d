"""The conformance kit, and that processes do end."""

import os
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, Job
from izcore.testing import ExecutorConformance, Subject
from izcore_fresh import FreshOptions, FreshProcesses


class TestFresh(ExecutorConformance):
    """What every executor promises."""

    @pytest.fixture
    def subject(self) -> Subject:
        """Say which backend is tested, and with which options."""
        return Subject(plugin="izcore_fresh", name="fresh", options={"workers": 2})


def note_process(payload: str) -> None:
    """Note which process does this."""
    with Path(payload).open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")


def test_every_job_has_a_process_of_its_own(tmp_path: Path) -> None:
    """Three jobs, three processes, although they happen one after the other."""
    file = tmp_path / "processes"
    context = BackendContext(seed=0, cache_dir="", data_dir="")
    # The other processes know this file by its name alone, whatever pytest calls it.
    function = f"{Path(__file__).stem}:note_process"
    jobs = [Job(name=name, function=function, payload=str(file)) for name in "abc"]
    assert len(list(FreshProcesses(FreshOptions(), context).run(jobs))) == 3
    assert len(set(file.read_text(encoding="utf-8").split())) == 3
