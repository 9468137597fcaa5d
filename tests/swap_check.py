"""Swaps each built-in backend for an outsider's, then removes the outsider: the core stays as it was.

Run by ``nox -s swap`` in an environment that holds nothing but the core's and the outsider's wheels.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import files
from pathlib import Path

OUTSIDER = "izcore-toy"
CONFIG = """
seed = 3
metric = "{metric}"
generator = {generator}
scorer = "obedient"
surrogate = "{surrogate}"
task = {{ name = "mirror", size = 80 }}
search = {{ initial = 12, batch = 6, rounds = 1 }}
"""
POOL = '{{ name = "pool", file = "{prompts}" }}'


def core_files() -> dict[str, str]:
    """Digest of every installed file of the core, by path."""
    return {
        str(path): hashlib.sha256(Path(path.locate()).read_bytes()).hexdigest()
        for path in files("izcore") or []
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


def main() -> None:
    """Run the swaps and print what each found."""
    before = core_files()
    assert before, "the core is not installed from a wheel"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prompts = folder / "prompts.txt"
        prompts.write_text("Write the plural.\nWrite the input in reverse.\nRepeat the input.\n")
        own = {"generator": POOL.format(prompts=prompts), "surrogate": "sobol", "metric": "exact_match"}
        outsiders = {"generator": '"phrases"', "surrogate": "lattice", "metric": "same_letters"}
        for swapped in (None, *outsiders):
            chosen = own if swapped is None else {**own, swapped: outsiders[swapped]}
            config = folder / "run.toml"
            config.write_text(CONFIG.format(**chosen))
            result = json.loads(iz("optimize", "mirror", "--config", str(config), "--json", folder=folder))
            best = result["best"]
            assert "reverse" in best["instruction"], best
            print(
                f"{swapped or 'built-in'}: {best['instruction']!r} scores {best['test']['score']:.2f} on test"
            )
        subprocess.run([sys.executable, "-m", "pip", "uninstall", "-q", "-y", OUTSIDER], check=True)
        left = json.loads(iz("plugins", "list", "--json", folder=folder))["plugins"]
        assert OUTSIDER not in [plugin["distribution"] for plugin in left], left
    assert core_files() == before, "a file of the core changed"
    print(f"The core's {len(before)} files are byte for byte the same.")


if __name__ == "__main__":
    main()
