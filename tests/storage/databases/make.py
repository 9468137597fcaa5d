"""Makes a database with an older izcore, and writes down what that izcore says of it; see README.md.

``python make.py VERSION IZ`` writes ``schema-VERSION.sqlite.gz`` and ``schema-VERSION.json`` beside this
file; IZ is the command ``iz`` of a checkout that writes that schema, with izcore-tasks and the tests' toy.
"""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEARCH = (
    *("--generator", "phrases", "--scorer", "obedient", "--surrogate", "sobol"),
    *("--set", "search.initial=8", "--set", "search.batch=4", "--set", "search.rounds=2"),
    *("--set", "splits.validation=8", "--set", "splits.test=10"),
    *("--set", "scorer.mistakes=0.2", "--set", "scorer.concurrency=4"),
)
SLOW = ("--set", "scorer.seconds=0.03")
ALL_POLICIES = ("full", "halving", "racing")
POLICIES = {1: ("",), 2: ("full", "halving"), 3: ALL_POLICIES, 5: ALL_POLICIES, 6: ALL_POLICIES}
"""Evaluation policies that the schema's last izcore has; the first schema's has none."""
MORE_ANSWERS = 5
"""An interrupted run is killed when it has so many more than when its first trials were finished."""
COMPARISON = json.loads((HERE / "comparison.json").read_text())


def main(version: int, command: str) -> None:
    """Make the database and what is expected of it."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "runs.sqlite"

        def iz(*arguments: str) -> Any:
            done = subprocess.run(
                [command, *arguments],
                check=True,
                stdout=subprocess.PIPE,
                cwd=HERE,
                env={**os.environ, "IZ_DB": str(db), "IZ_DATA": folder},
            )
            return json.loads(done.stdout)

        runs = []
        for seed, policy in enumerate(POLICIES[version]):
            chosen = (*SEARCH, *(("--set", f"evaluation.policy={policy}") if policy else ()))
            runs.append(iz("optimize", "pairs.csv", *chosen, "--seed", str(2 * seed), "--json")["run_id"])
            slow = ("optimize", "pairs.csv", *chosen, *SLOW, "--seed", str(2 * seed + 1))
            runs.append(kill_at_work([command, *slow], db, folder))
        compared = iz(*COMPARISON, "--json") if version == 3 else None
        pack(db)
        packed = db.read_bytes()
        (HERE / f"schema-{version}.sqlite.gz").write_bytes(gzip.compress(packed, mtime=0))

        expected = {run: read(iz, run) for run in runs}
        for run in runs:
            if expected[run]["status"] != "done":
                # Each in a copy of its own: what one run asks is in the cache of the next.
                db.write_bytes(packed)
                iz("resume", run, "--json")
                expected[run]["resumed"] = read(iz, run)
        said = {"runs": expected, **({"comparison": compared} if compared else {})}
        (HERE / f"schema-{version}.json").write_text(json.dumps(said, indent=1) + "\n")


def kill_at_work(command: list[str], db: Path, data: str) -> str:
    """Start a run, kill it when it has some answers, and return its name."""
    process = subprocess.Popen(
        command, cwd=HERE, env={**os.environ, "IZ_DB": str(db), "IZ_DATA": data}, start_new_session=True
    )
    reader = sqlite3.connect(db)
    before = {name for (name,) in reader.execute("SELECT id FROM runs")}

    def count(table: str, name: str) -> int:
        (rows,) = reader.execute(f"SELECT count(*) FROM {table} WHERE run_id = ?", (name,)).fetchone()
        return int(rows)

    enough = 0
    while process.poll() is None:
        for name in {name for (name,) in reader.execute("SELECT id FROM runs")} - before:
            if not enough and count("trials", name):
                enough = count("answers", name) + MORE_ANSWERS
            if enough and count("answers", name) >= enough:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                reader.close()
                return str(name)
        time.sleep(0.005)
    raise RuntimeError("The run ended before it could be killed.")


def pack(db: Path) -> None:
    """Make the file small, in the journal mode that it had."""
    connection = sqlite3.connect(db, isolation_level=None)
    for statement in ("journal_mode = DELETE", "page_size = 1024"):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def read(iz: Any, run: str) -> dict[str, Any]:
    """What this izcore says of a run."""
    shown = iz("runs", "show", run, "--json")
    trials = [
        {"instruction": trial["candidate"]["instruction"], "scores": trial["scores"]}
        for trial in shown["trials_list"]
    ]
    return {"status": shown["status"], "result": shown["result"], "trials": trials}


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
