"""Functions of jobs, for tests of executors."""

import json
import os
import time
from pathlib import Path

from izcore.plugin import InterruptedRunError


def tell(payload: str) -> None:
    """Write down where the job happens."""
    told = {"process": os.getpid(), "threads": os.environ.get("OMP_NUM_THREADS")}
    Path(json.loads(payload)["file"]).write_text(json.dumps(told))


def wait(payload: str) -> None:
    """Work for a minute; write down the beginning, and that it was stopped."""
    folder = Path(json.loads(payload)["folder"])
    try:
        (folder / f"{os.getpid()}.begun").touch()
        time.sleep(60)
    except KeyboardInterrupt:
        (folder / f"{os.getpid()}.stopped").touch()
        raise


def die(payload: str) -> None:
    """End the process, as the system does where there is no memory left."""
    os._exit(9)


def stop(payload: str) -> None:
    """Fail as a run does that the user stopped."""
    raise InterruptedRunError("Stopped by the user.")
