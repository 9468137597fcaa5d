"""Draws how much the candidates of each world differ: ``python tests/benchmarks/worlds/plot.py``.

One panel per world of answers, one line per cell: the share of right answers (exact match) of each body,
the best first. The dotted line is the echo, the input itself taken for the answer, by exact match; the
dash-dotted one by ``contains``, which a looser metric would reward; the dashed one is always the same answer.

One panel per world of latents, one dot per distinct instruction: its score on all examples, against the
share of latents that write an instruction at least as good. Lines are the baselines.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from answer_world import answer_worlds, load_answers
from replay_answers import exact_matches
from world import SYNTHETIC, load, recorded

ANSWERS = Path(__file__).parent / "answers.png"
SPREAD = Path(__file__).parent / "spread.png"


def main() -> None:
    """Write the pictures beside this file."""
    if names := answer_worlds():
        _draw_answers(names)
    _draw_latents()


def _draw_answers(names: list[str]) -> None:
    figure, panels = plt.subplots(1, len(names), figsize=(4 * len(names), 4), sharey=True, squeeze=False)
    for name, axes in zip(names, panels.flat, strict=True):
        world, right = load_answers(name), exact_matches(name).mean(2)
        for at, cell in enumerate(world.cells):
            label = ", ".join(value for _, value in cell.choices)
            axes.plot(np.sort(right[:, at])[::-1], label=label, linewidth=1)
        for metric, style in (("exact_match", "k:"), ("contains", "k-.")):
            echo = world.header["echo"][metric]
            axes.axhline(echo, color=style[0], linestyle=style[1:], linewidth=1, label=f"echo, {metric}")
        axes.axhline(world.constant, color="k", linestyle="--", linewidth=1, label="always the same answer")
        axes.set_title(
            f"{name} ({world.header['role']})\n{len(world.bodies)} bodies, {len(world.targets)} examples",
            fontsize=9,
        )
        axes.set_ylim(-0.02, 1.02)
        axes.legend(fontsize=6)
    figure.supxlabel("bodies, the best first")
    figure.supylabel("right answers (exact match)")
    figure.tight_layout()
    figure.savefig(ANSWERS, dpi=80)


def _draw_latents() -> None:
    names = [*recorded(), *SYNTHETIC]
    figure, panels = plt.subplots(2, -(-len(names) // 2), figsize=(14, 6.5), sharey=True)
    for name, axes in zip(names, panels.flat, strict=False):
        world = load(name)
        means = world.scores.mean(1)
        share = np.bincount(world.instruction, minlength=len(means)) / len(world.instruction)
        order = np.argsort(-means)
        axes.plot(np.cumsum(share[order]), means[order], ".", markersize=4)
        for baseline, known in world.header.get("baselines", {}).items():
            score = np.mean(known["validation"] + known["test"])
            style = {"no instruction": "k:", "unsteered": "r--"}.get(baseline, "g-.")
            axes.axhline(score, color=style[0], linestyle=style[1:], linewidth=1)
        axes.set_title(f"{name}: {len(means)} instructions, {world.examples} examples", fontsize=9)
        axes.set_ylim(-0.02, 1.02)
    for axes in panels.flat[len(names) :]:
        axes.axis("off")
    figure.supxlabel(
        "share of latents whose instruction is at least as good (dotted: no instruction, "
        "dashed: no soft prompt, dash-dotted: a person's)"
    )
    figure.supylabel("score")
    figure.tight_layout()
    figure.savefig(SPREAD, dpi=80)


if __name__ == "__main__":
    main()
