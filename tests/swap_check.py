"""Puts an outsider's backend of each kind in the place of another: the core stays as it was, byte for byte.

Run by ``nox -s swap``, in an environment that holds nothing but wheels: with ``alone`` where only the core
and one plugin of a third party are installed, with ``each`` where another third party's plugin and the
bundled task formats have joined them.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import distributions, files
from pathlib import Path
from typing import Any

CORE, OUTSIDER, ANOTHER = "izcore", "izcore-toy", "izcore-first"
WORDS = ("badge", "cabin", "dozen", "eagle", "fable", "giant", "habit", "igloo", "jelly", "koala")
PROMPTS = ("Write the plural.", "Write the input in reverse.", "Repeat the input.")
CONFIG = """
preset = "uniform-halving"
seed = 3
metric = "{metric}"
generator = {generator}
scorer = "{scorer}"
surrogate = "{surrogate}"
evaluation = {{ policy = "{policy}" }}
search = {{ initial = 12, batch = 6, rounds = 1 }}
splits = {{ validation = 15, test = 30 }}
"""
SWAPS = {
    "generator": ("pool", "phrases"),
    "surrogate": ("sobol", "lattice"),
    "metric": ("exact_match", "same_letters"),
    "scorer": ("obedient", "first"),
    "task": ("csv", "mirror"),
    "policy": ("halving", "knockout"),
}
"""The backend before, and the one that takes its place. The core has no scorer and no task of its own: what
is before is then another third party's, and the bundled plugin's for files."""

METHODS = ("one", "two")
"""Two configurations to compare: the second has no good prompt."""


def core_files() -> dict[str, str]:
    """Digest of every installed file of the core, by path."""
    return {
        str(path): hashlib.sha256(Path(path.locate()).read_bytes()).hexdigest()
        for path in files(CORE) or []
        if path.suffix in (".py", ".typed")
    }


def iz(*arguments: str, folder: Path) -> str:
    """Run iz in a process of its own and return what it printed."""
    environment = {**os.environ, "IZ_DB": str(folder / "runs.sqlite"), "IZ_CACHE": str(folder / "cache")}
    program = Path(sys.executable).with_name("iz")
    done = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"iz {' '.join(arguments)} left with {done.returncode}:\n{done.stderr}")
    return done.stdout


def search(folder: Path, chosen: dict[str, str]) -> dict[str, Any]:
    """Run the configuration with the chosen backends and return the best, which must be the right one."""
    pool = f'{{ name = "pool", file = "{folder / "prompts.txt"}" }}'
    generator = pool if chosen["generator"] == "pool" else f'"{chosen["generator"]}"'
    (folder / "run.toml").write_text(CONFIG.format(**{**chosen, "generator": generator}))
    task = str(folder / "words.csv") if chosen["task"] == "csv" else chosen["task"]
    found = iz("optimize", task, "--config", str(folder / "run.toml"), "--json", folder=folder)
    best: dict[str, Any] = json.loads(found)["best"]
    wanted = "Repeat" if task == "first" else "reverse"
    assert wanted in best["instruction"], best
    return best


def plugins(folder: Path) -> dict[str, str]:
    """Status of every plugin by its distribution."""
    listed = json.loads(iz("plugins", "list", "--json", folder=folder))["plugins"]
    return {plugin["distribution"]: plugin["status"] for plugin in listed}


def check_core_alone(folder: Path) -> None:
    """The core, its dependencies and one scorer of a third party are enough for a run."""
    assert plugins(folder) == {CORE: "loaded", ANOTHER: "loaded"}
    installed = sorted(found.name for found in distributions())
    assert not {"torch", "transformers", "openai", "anthropic", "botorch"} & set(installed), installed
    chosen = {name: before for name, (before, _) in SWAPS.items()}
    best = search(folder, {**chosen, "scorer": "first", "task": "first"})
    print(f"core alone ({len(installed)} distributions): {best['instruction']!r} with pool and sobol")


def compare(folder: Path, executor: str) -> dict[str, Any]:
    """Compare two configurations with the bundled command, and return what it says of the better one."""
    db = folder / f"{executor}.sqlite"
    methods = ",".join(str(folder / f"{name}.toml") for name in METHODS)
    limits = ("--max-calls", "200", "--seeds", "1", "--executor", executor, "--db", str(db), "--json")
    found = iz("compare", str(folder / "words.csv"), "--methods", methods, *limits, folder=folder)
    better, worse = json.loads(found)["methods"]
    assert better["test"]["mean"] > worse["test"]["mean"], found
    return {"better": better["name"], "mean": better["test"]["mean"]}


def duel(folder: Path) -> dict[str, Any]:
    """The same question, asked of the outsider's command."""
    configs = {name: str(folder / f"{name}.toml") for name in METHODS}
    found = json.loads(iz("duel", str(folder / "words.csv"), *configs.values(), "--json", folder=folder))
    better = max(configs, key=lambda name: found[configs[name]])
    return {"better": better, "mean": found[configs[better]]}


def write_methods(folder: Path) -> None:
    """Write the configurations that are compared."""
    for name, prompts in zip(METHODS, (PROMPTS, PROMPTS[::2]), strict=True):
        (folder / f"{name}.txt").write_text("".join(f"{prompt}\n" for prompt in prompts))
        pool = f'{{ name = "pool", file = "{folder / name}.txt" }}'
        chosen = {kind: before for kind, (before, _) in SWAPS.items()}
        (folder / f"{name}.toml").write_text(CONFIG.format(**{**chosen, "generator": pool}))


def check_other_kinds(folder: Path, before: dict[str, str]) -> None:
    """Kinds that no run is configured with: exporters, executors and commands."""
    for name in ("csv", "headline"):
        exported = iz("runs", "export", "last", "--format", name, folder=folder)
        assert "reverse" in exported, exported
        print(f"exporter {name:<11} {len(exported.splitlines())} lines")
        assert core_files() == before, f"exporter {name}: a file of the core changed"
    write_methods(folder)
    own = compare(folder, "sequential")
    swapped = {
        "executor backwards": compare(folder, "backwards"),
        "command duel": duel(folder),
    }
    for what, found in {"compare, sequential": own, **swapped}.items():
        print(f"{what:<20} {found['better']!r} is better, {found['mean']:.2f} on test")
        assert found["better"] == own["better"] == "one", found
        assert core_files() == before, f"{what}: a file of the core changed"


def check_each_kind(folder: Path) -> None:
    """Every kind swapped, then the outsider broken, then removed: nothing changes in the core."""
    before = core_files()
    assert before, "the core is not installed from a wheel"
    own = {kind: first for kind, (first, _) in SWAPS.items()}
    rows = [("as it is", own), *((f"{kind} {new}", {**own, kind: new}) for kind, (_, new) in SWAPS.items())]
    for what, chosen in rows:
        best = search(folder, chosen)
        print(f"{what:<20} {best['instruction']!r} scores {best['test']['score']:.2f} on test")
        assert core_files() == before, f"{what}: a file of the core changed"
    check_other_kinds(folder, before)
    (plugin,) = (path for path in files(OUTSIDER) or [] if path.name == "plugin.py")
    Path(plugin.locate()).write_text("raise RuntimeError('broken')\n")
    assert plugins(folder)[OUTSIDER] == "failed"
    search(folder, {**own, "scorer": "first"})
    assert core_files() == before, "broken: a file of the core changed"
    subprocess.run([sys.executable, "-m", "pip", "uninstall", "-q", "-y", OUTSIDER], check=True)
    assert OUTSIDER not in plugins(folder)
    search(folder, {**own, "scorer": "first"})
    assert core_files() == before, "removed: a file of the core changed"
    print(f"{OUTSIDER} broken, then removed: the others work.")
    print(f"The core's {len(before)} files are byte for byte the same.")


def main() -> None:
    """Check what the first argument names."""
    check = {"alone": check_core_alone, "each": check_each_kind}[sys.argv[1]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prompts.txt").write_text("".join(f"{prompt}\n" for prompt in PROMPTS))
        words = [first + second for first in WORDS for second in WORDS]
        rows = "".join(f"{word},{word[::-1]}\n" for word in words)
        (folder / "words.csv").write_text(f"input,output\n{rows}")
        check(folder)


if __name__ == "__main__":
    main()
