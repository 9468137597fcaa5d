"""Makes a package of every kind, builds and installs it, runs its tests, and runs several of them together.

Run by ``nox -s new`` in an environment that holds nothing but the core's wheel and tools.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from izcore.scaffold import TEMPLATED_KINDS
from izcore.scaffold.naming import LONGEST


class Endpoint(BaseHTTPRequestHandler):
    """A model that knows capitals, and gives them if it is shown how."""

    protocol_version = "HTTP/1.1"
    capitals: dict[str, str]

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["prompt"]
        country = prompt.rpartition("Input: ")[2].splitlines()[0]
        answer = self.capitals[country] if "->" in prompt else country
        body = json.dumps({"response": answer, "prompt_eval_count": 9, "eval_count": 1}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def run(*command: str, folder: Path) -> str:
    """Run a program of this environment and return what it printed."""
    program = Path(sys.executable).with_name(command[0])
    data = {"IZ_DB": "runs.sqlite", "IZ_CACHE": "cache", "IZ_DATA": "data", "MYPY_CACHE_DIR": "mypy"}
    own = {name: str(folder.parent / value) for name, value in data.items()}
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{shlex.join(command)} left with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def new(name: str, kind: str, folder: Path) -> dict[str, Any]:
    """Make a package and check how it is written."""
    folder.mkdir(exist_ok=True)
    made: dict[str, Any] = json.loads(
        run("iz", "plugins", "new", name, "--kind", kind, "--json", folder=folder)
    )
    package = folder / made["folder"]
    run("ruff", "check", folder=package)
    run("ruff", "format", "--check", folder=package)
    return {**made, "folder": package}


def main() -> None:
    """Run all checks and say what they found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind in TEMPLATED_KINDS:
            for odd in ("a", "b" * LONGEST, "two-words_3"):
                new(odd, kind, folder / kind)
        made = {kind: new(f"my-{kind}", kind, folder / "made") for kind in TEMPLATED_KINDS}
        packages = {kind: made[kind]["folder"] for kind in TEMPLATED_KINDS}
        wheel = ("pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels")
        run(*wheel, *map(str, packages.values()), folder=folder)
        run("pip", "install", "--quiet", *map(str, (folder / "wheels").glob("*.whl")), folder=folder)
        for kind, package in packages.items():
            tested = run("pytest", "--quiet", folder=package).splitlines()[-1]
            run("mypy", folder=package)
            shown = run("iz", "plugins", "show", made[kind]["name"], folder=package)
            assert f"{made[kind]['distribution']} 0.1.0" in " ".join(shown.split()), shown
            print(f"{kind}: {tested}")
        print(optimize_with_all(made))


def optimize_with_all(made: dict[str, Any]) -> str:
    """Run the command that the task's package proposes, with other packages where it leaves kinds open."""
    package: Path = made["task"]["folder"]
    lines = (package / "examples.my-task").read_text(encoding="utf-8").splitlines()[1:]
    Endpoint.capitals = dict(line.split("\t") for line in lines)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    proposed = (
        made["task"]["next"][-1].replace("GENERATOR", "my-generator").replace("SCORER", "my-scorer:tiny")
    )
    chosen = ("--surrogate", "my-surrogate", "--metric", "my-metric", "--json")
    url = f"scorer.base_url=http://127.0.0.1:{server.server_port}"
    result = json.loads(run(*shlex.split(proposed), *chosen, "--set", url, folder=package))
    server.shutdown()
    best = result["best"]
    assert "->" in best["instruction"], best
    assert best["test"]["score"] == 1, best
    return f"all together: {best['instruction']!r} scores {best['test']['score']:.2f} on test"


if __name__ == "__main__":
    main()
