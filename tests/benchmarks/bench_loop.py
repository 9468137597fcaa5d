"""Milliseconds that the loop itself takes per trial, with backends that answer at once, as runs grow."""

import os
import tempfile
import time
from pathlib import Path

import izcore
from izcore.plugin import TrialFinished, hookimpl

SIZES = (10, 100, 1_000, 5_000)
BATCH = 25


class Watch:
    """Observes when trials finish."""

    def __init__(self) -> None:
        self.first = self.last = 0.0

    @hookimpl
    def izcore_trial_finished(self, event: TrialFinished) -> None:
        """Note the time."""
        self.last = time.perf_counter()
        self.first = self.first or self.last


def milliseconds_per_trial(trials: int, folder: Path) -> float:
    """Run a search of that many trials, each with an instruction of its own and 20 examples."""
    phrases = [f"Write the input in reverse, please, {number} times." for number in range(8 * trials)]
    settings = {
        "search": {"initial": min(BATCH, trials), "batch": BATCH, "rounds": max(0, trials // BATCH - 1)},
        "generator": {"phrases": phrases},
        "scorer": {"batch_size": 20},
        "splits": {"validation": 20, "test": 20},
        "task": {"size": 80},
    }
    watch = Watch()
    result = izcore.optimize(
        "mirror",
        generator="phrases",
        scorer="obedient",
        surrogate="sobol",
        preset="uniform-halving",
        settings=settings,
        db=folder / f"{trials}.sqlite",
        observers={"watch": watch},
    )
    return (watch.last - watch.first) / (result.trials - 1) * 1000


def main() -> None:
    """Measure each size; the ratio to 100 trials shows whether the cost per trial grows."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["IZ_CACHE"] = name
        measured = {trials: milliseconds_per_trial(trials, Path(name)) for trials in SIZES}
    print(f"{'trials':>7} {'ms per trial':>13} {'ratio to 100':>13}")
    for trials, milliseconds in measured.items():
        print(f"{trials:>7} {milliseconds:>13.2f} {milliseconds / measured[100]:>13.2f}")


if __name__ == "__main__":
    main()
