"""Checks of executors."""

import contextlib
import json
from pathlib import Path

import pytest

from izcore.plugin.errors import ConfigError, IzError
from izcore.plugin.jobs import Job
from izcore.testing.backends import BackendConformance, Make

NAMES = ("first", "second", "“Größe” 🙂", "a\nb", "fifth")


def note(payload: str) -> None:
    """What the jobs of these checks do: add a line to the file that the payload names."""
    told = json.loads(payload)
    with Path(told["file"]).open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(told['name'])}\n")


def refuse(payload: str) -> None:
    """What a job of these checks does that fails: raise an error for people."""
    raise ConfigError(f"{json.loads(payload)['name']}: refused.", hint="Ask for something else.")


class ExecutorConformance(BackendConformance):
    """What the core relies on in an executor. Its jobs write into files of ``tmp_path``."""

    kind = "executor"
    methods = ("run",)

    def test_every_job_is_performed_once(self, make: Make, tmp_path: Path) -> None:
        """Each job's function is called once, with its payload unchanged, in whatever order."""
        list(make().run(_jobs(tmp_path)))
        assert _performed(tmp_path) == sorted(NAMES)

    def test_every_job_is_yielded_once(self, make: Make, tmp_path: Path) -> None:
        """The jobs come back, each once, as they were given: progress is counted from them."""
        jobs = _jobs(tmp_path)
        assert sorted(make().run(jobs), key=lambda job: job.name) == sorted(jobs, key=lambda job: job.name)

    def test_a_job_is_yielded_when_it_is_done(self, make: Make, tmp_path: Path) -> None:
        """What a job leaves behind is there when the job is yielded, and not only in the end."""
        early = [job.name for job in make().run(_jobs(tmp_path)) if job.name not in _performed(tmp_path)]
        assert early == []

    def test_no_jobs(self, make: Make) -> None:
        """Where nothing is left to do, nothing happens."""
        assert list(make().run([])) == []

    def test_a_failure_arrives_as_it_was_raised(self, make: Make, tmp_path: Path) -> None:
        """The error of a job reaches the caller with its type, message and hint, from whichever process."""
        with pytest.raises(IzError) as caught:
            list(make().run(_jobs(tmp_path, failing="second")))
        assert type(caught.value) is ConfigError
        assert (caught.value.message, caught.value.hint) == ("second: refused.", "Ask for something else.")

    def test_it_works_again_after_a_failure(self, make: Make, tmp_path: Path) -> None:
        """The same executor performs what was left, or anything else, after a job failed."""
        executor = make()
        with contextlib.suppress(IzError):
            list(executor.run(_jobs(tmp_path, failing="first")))
        (tmp_path / "notes").unlink(missing_ok=True)
        list(executor.run(_jobs(tmp_path)))
        assert set(_performed(tmp_path)) == set(NAMES)


def _jobs(folder: Path, failing: str = "") -> list[Job]:
    return [
        Job(
            name=name,
            function=f"{__name__}:{refuse.__name__ if name == failing else note.__name__}",
            payload=json.dumps({"file": str(folder / "notes"), "name": name}),
        )
        for name in NAMES
    ]


def _performed(folder: Path) -> list[str]:
    path = folder / "notes"
    return sorted(map(json.loads, path.read_text(encoding="utf-8").splitlines())) if path.exists() else []
