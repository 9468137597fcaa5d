"""Draws how much the instructions of each world differ: ``python tests/benchmarks/worlds/plot.py``.

One panel per world, one dot per distinct instruction: its score on all examples, against the share of latents
that write an instruction at least as good. Lines are the baselines.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from world import SYNTHETIC, load, recorded

SPREAD = Path(__file__).parent / "spread.png"


def main() -> None:
    """Write the picture beside this file."""
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
