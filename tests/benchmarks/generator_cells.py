"""What one setting of the generator writes for one task, and how good it is: one cell of bench_generator."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import torch
from setting import Setting

from izcore.config.paths import Paths
from izcore.plugin.record import Record
from izcore.plugin.trials import Candidate, Trial
from izcore_transformers.models.loading import load_model
from izcore_transformers.options import GeneratorOptions
from izcore_transformers.soft_prompt.calibration import FLUENT
from izcore_transformers.soft_prompt.fluency import mean_log_likelihoods

DEMONSTRATIONS = 10
SENTENCE_SEEDS = "sentence_seeds"
TEST = 5  # the fewest that a plan takes; not used
WRITTEN_AT_ONCE = 32


class Sizes(Record):
    """``latents`` written, ``instructions`` scored (the first distinct ones), on ``examples`` each."""

    latents: int
    instructions: int
    examples: int
    answer_tokens: int


class Cell(Record):
    """What was written and scored. ``strength`` is that of the soft prompt, in sizes of embeddings.

    ``scale_of_one`` is the scale at strength 1, where the scale was calibrated; else 0. ``instructions`` are
    the distinct ones; ``scores`` are [the first of them][examples].
    """

    scale: float
    scale_of_one: float
    instructions: tuple[str, ...]
    fluent: int
    scores: tuple[tuple[float, ...], ...]


def measure(task: str, seed: int, generator: dict[str, Any], sizes: Sizes) -> Cell:
    """Return a cell; what was written and scored before, in this process or another, is read from disk."""
    setting = Setting(
        task,
        "contains",
        {
            "generator": {"exemplars": DEMONSTRATIONS // 2, **generator},
            "scorer": {"max_new_tokens": sizes.answer_tokens},
            "splits": {"demonstrations": DEMONSTRATIONS, "validation": sizes.examples, "test": TEST},
        },
        seed=seed,
    )
    config, examples = setting.config, setting.plan.splits.validation
    same = [setting.plan.fingerprint, seed, msgspec.to_builtins(config.splits)]
    known = _file("written", [*same, msgspec.to_builtins(config.generator), sizes.latents])
    if not known.exists():
        history: list[Trial] = []
        if SENTENCE_SEEDS in generator:
            history = _history(task, seed, generator, sizes)
        _keep(known, _write(setting, sizes.latents, history))
    written = json.loads(known.read_text())
    distinct = list(dict.fromkeys(written["instructions"]))
    scores = []
    for text in distinct[: sizes.instructions]:
        asked = msgspec.to_builtins([config.scorer, config.metric, config.prompt_template, text])
        scored = _file("scores", [*same, asked])
        if not scored.exists():
            _keep(scored, setting.score(text, examples))
        scores.append(tuple(json.loads(scored.read_text())))
    probe = written["state"]["probe"]
    return Cell(
        scale=written["state"]["scale"],
        scale_of_one=probe[0]["scale"] / probe[0]["strength"] if probe else 0.0,
        instructions=tuple(distinct),
        fluent=sum(likelihood >= FLUENT for likelihood in written["likelihoods"]),
        scores=tuple(scores),
    )


def _history(task: str, seed: int, generator: dict[str, Any], sizes: Sizes) -> list[Trial]:
    """Return what a search has tried before its soft prompts begin from sentences: those that it would write
    without, scored on the same examples, as the rounds of a search are."""
    unseeded = {name: value for name, value in generator.items() if name != SENTENCE_SEEDS}
    first = measure(task, seed, unseeded, sizes)
    return [
        Trial(index=index, round=0, candidate=Candidate(latent=(), instruction=instruction), scores=scores)
        for index, (instruction, scores) in enumerate(zip(first.instructions, first.scores, strict=False))
    ]


def _write(setting: Setting, count: int, history: Sequence[Trial]) -> dict[str, Any]:
    prepared = setting.prepare()
    latents = setting.latents(count, prepared)
    instructions: list[str] = []
    for start in range(0, count, WRITTEN_AT_ONCE):
        instructions += [
            one.instruction for one in setting.write(latents[start : start + WRITTEN_AT_ONCE], history)
        ]
    loaded = load_model(GeneratorOptions(), str(setting.paths.cache))
    likelihoods = mean_log_likelihoods(loaded, list(dict.fromkeys(instructions)))
    return {"state": prepared.state, "instructions": instructions, "likelihoods": likelihoods}


def one_thread() -> None:
    """Keep a process to one thread, so that several do not stand in each other's way."""
    torch.set_num_threads(1)


def _file(kind: str, settings: Any) -> Path:
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:24]
    return Paths.of_this_user().cache / "generator-side" / kind / f"{key}.json"


def _keep(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(value))
    fresh.replace(path)
