"""Records a world: many latents through a real generator, each instruction scored by a real model.

    python tests/benchmarks/worlds/record.py demo
    python tests/benchmarks/worlds/record.py ../shared/data/instruction_induction/induce/sentiment.json
    python tests/benchmarks/worlds/record.py --probe TASK …     # a quick look at how much instructions differ

The local model writes and answers, with the default preset's settings. Answers are kept in a database in the
cache folder while it works, so that a recording that was stopped goes on where it stood. The world is written
beside this file, as NAME.npz with its description in it.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from setting import Setting

from izcore.config.layers import parse_assignments

HERE = Path(__file__).parent
LATENTS = 416
FEATURES = 64
SIZES = ("splits.demonstrations=5", "splits.validation=40", "splits.test=60")
GENERATE_AT_ONCE = 32


def main() -> None:
    """Record or probe the tasks that the command line names."""
    parser = argparse.ArgumentParser(description="Record worlds for replays.")
    parser.add_argument("tasks", nargs="+", metavar="TASK")
    parser.add_argument("--probe", action="store_true", help="12 latents and 20 examples; write nothing")
    parser.add_argument("--metric", default="contains")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="KEY=VALUE")
    parser.add_argument("--name", help="name of the world (one task only)")
    arguments = parser.parse_args()
    for task in arguments.tasks:
        name = arguments.name or Path(task).stem
        recording = Recording(task, name, arguments.metric, arguments.settings)
        recording.probe() if arguments.probe else recording.record()


class Recording:
    """One world on its way."""

    def __init__(self, task: str, name: str, metric: str, settings: list[str]) -> None:
        self._name = name
        assigned = parse_assignments([*SIZES, "generator.features=last_hidden", *settings])
        self._setting = Setting(task, metric, assigned)

    def probe(self) -> None:
        """Print how much a dozen instructions differ on 20 examples."""
        _, instructions, _ = self._write(12)
        examples = self._setting.plan.splits.validation[:20]
        scored = [self._setting.score(text, examples) for text in dict.fromkeys(instructions)]
        means = sorted(float(np.mean(scores)) for scores in scored)
        print(self._name, len(means), "instructions:", " ".join(f"{mean:.2f}" for mean in means), flush=True)

    def record(self) -> None:
        """Write the world to its file."""
        progress = self._setting.paths.cache / "worlds" / f"{self._name}.json"
        progress.parent.mkdir(parents=True, exist_ok=True)
        written = progress.with_suffix(".written.npz")
        if written.exists():
            kept = np.load(written)
            latents, instructions = kept["latents"], [str(text) for text in kept["instructions"]]
            features = kept["features"]
        else:
            latents, instructions, features = self._write(LATENTS)
            np.savez(written, latents=latents, instructions=np.array(instructions), features=features)
        scores: dict[str, list[float]] = json.loads(progress.read_text()) if progress.exists() else {}
        unsteered = self._setting.write_unsteered()
        baselines = {"no instruction": ""}
        if unsteered is not None:
            baselines["unsteered"] = unsteered.instruction
        baselines |= {f"human {i}": text for i, text in enumerate(self._setting.human_instructions[:3])}
        distinct = list(dict.fromkeys(instructions))
        splits = self._setting.plan.splits
        started = time.monotonic()
        for number, text in enumerate([*distinct, *baselines.values()], 1):
            if text not in scores:
                scores[text] = self._setting.score(text, (*splits.validation, *splits.test))
                progress.write_text(json.dumps(scores))
                spent = time.monotonic() - started
                print(f"{self._name}: {number} of {len(distinct)} ({spent:.0f} s)", flush=True)
        matrix = np.array([scores[text] for text in distinct])
        order = {text: index for index, text in enumerate(distinct)}
        n = len(splits.validation)
        config = self._setting.config
        header = {
            "name": self._name,
            "command": " ".join(["python tests/benchmarks/worlds/record.py", *_shown(sys.argv[1:])]),
            "config": msgspec.to_builtins(
                {"generator": config.generator, "scorer": config.scorer, "metric": config.metric}
            ),
            "prompt_template": config.prompt_template,
            "versions": {d: version(d) for d in ("izcore", "izcore-transformers", "torch", "transformers")},
            "instructions": distinct,
            "baselines": {
                name: {"instruction": text, "validation": scores[text][:n], "test": scores[text][n:]}
                for name, text in baselines.items()
            },
        }
        np.savez_compressed(
            HERE / f"{self._name}.npz",
            header=np.array(json.dumps(header)),
            latents=latents.astype(np.float32),
            instruction=np.array([order[text] for text in instructions], dtype=np.uint16),
            validation=np.round(matrix[:, :n] * 255).astype(np.uint8),
            test=np.round(matrix[:, n:] * 255).astype(np.uint8),
            features=features.astype(np.float16),
        )
        print(f"{self._name}: {len(distinct)} instructions, written", flush=True)

    def _write(self, count: int) -> tuple[Any, list[str], Any]:
        latents = self._setting.latents(count, self._setting.prepare())
        instructions: list[str] = []
        features: list[Any] = []
        started = time.monotonic()
        for start in range(0, count, GENERATE_AT_ONCE):
            candidates = self._setting.write(latents[start : start + GENERATE_AT_ONCE])
            instructions += [candidate.instruction for candidate in candidates]
            features += [candidate.features for candidate in candidates]
            print(f"{self._name}: wrote {len(instructions)} ({time.monotonic() - started:.0f} s)", flush=True)
        return np.array(latents), instructions, _projected(np.array(features))


def _projected(features: Any) -> Any:
    """A fixed random projection keeps distances (Johnson-Lindenstrauss) at a tenth of the size."""
    rng = np.random.default_rng(0)
    return features @ rng.normal(size=(features.shape[1], FEATURES)) / np.sqrt(FEATURES)


def _shown(arguments: list[str]) -> list[str]:
    return [Path(a).name if Path(a).is_absolute() else a for a in arguments]


if __name__ == "__main__":
    main()
