"""Draws quality against calls; matplotlib is imported when something is drawn."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path

import izcore
from izcore import TestScore
from izcore.plugin import UsageError, plain_line
from izcore_compare.curves import Curve

SUFFIXES = (".png", ".svg")
FEWEST_FOR_A_BAND = 3
"""Below this many seeds Student's interval is wider than any picture; each run's own line says more."""

# Okabe and Ito's colours, which colour-blind people tell apart; dashes tell them apart in grey print.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))


def check_plot(path: Path) -> None:
    """Raise UsageError where a plot could not be written, before anything is paid for it."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(
            f"--plot {path}: plots are PNG or SVG.",
            hint=f"Give it a name that ends in {' or '.join(SUFFIXES)}.",
        )
    if not path.parent.is_dir():
        raise UsageError(f"--plot {path}: there is no folder {path.parent}.")
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise UsageError(
            f"--plot {path}: cannot be written: {error.strerror}.", hint="Choose another file."
        ) from None
    if is_new:
        path.unlink()


def draw_curves(path: Path, curves: Mapping[str, Sequence[Curve]], *, title: str) -> None:
    """Write a plot of quality against calls: a line per method, the mean over its runs' curves.

    A dot marks where a method's searches ended, on average; from there on the line repeats their result.
    With at least :data:`FEWEST_FOR_A_BAND` runs per method a band is the 95% interval of
    :func:`izcore.mean_over_runs`; with fewer, thin lines are the runs themselves.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    seeds = max(len(runs) for runs in curves.values())
    end = max(run.calls for runs in curves.values() for run in runs)
    figure = Figure(figsize=(7.5, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (name, runs), colour, dash in zip(curves.items(), cycle(COLOURS), cycle(DASHES), strict=False):
        calls, means = _mean_curve(runs, end)
        axes.step(
            calls,
            [mean.score for mean in means],
            where="post",
            color=colour,
            linewidth=2,
            linestyle=dash,
            label=_label(name),
        )
        over = sum(run.calls for run in runs) / len(runs)
        axes.plot([over], [means[-1].score], "o", color=colour)
        if len(runs) >= FEWEST_FOR_A_BAND:
            low, high = [mean.low for mean in means], [mean.high for mean in means]
            axes.fill_between(calls, low, high, step="post", color=colour, alpha=0.12, linewidth=0)
            for edge in (low, high):
                axes.step(calls, edge, where="post", color=colour, linestyle=dash, linewidth=0.6, alpha=0.7)
        elif len(runs) > 1:
            for run in runs:
                own = [point.calls for point in run.points]
                values = [point.test for point in run.points]
                axes.step(
                    [*own, end], [*values, values[-1]], where="post", linewidth=0.8, alpha=0.5, color=colour
                )
    band = "95% interval" if seeds >= FEWEST_FOR_A_BAND else "thin: each seed"
    heading = f"mean over {seeds} seeds, {band}" if seeds > 1 else "one seed"
    legend = axes.legend(title=heading, edgecolor="none")
    for text in (*legend.get_texts(), axes.title):
        text.set_parse_math(False)  # a dollar sign in a name is a dollar sign
    axes.set_xlabel("calls asked by the search")
    axes.set_ylabel("test score of the best instruction so far")
    axes.set_title(plain_line(title))
    axes.set_xlim(0, end * 1.02)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def _label(name: str) -> str:
    # A line whose label begins with an underscore is not in the legend.
    return plain_line(f" {name}" if name.startswith("_") else name)


def _mean_curve(runs: Sequence[Curve], end: int) -> tuple[list[int], list[TestScore]]:
    """Return where the mean over runs changes, and the mean from there on, since all have begun."""
    begin = max(run.begin for run in runs)
    calls = sorted(
        {begin, end, *(point.calls for run in runs for point in run.points if point.calls > begin)}
    )
    return calls, [
        izcore.mean_over_runs(
            [TestScore(score=run.at(c), low=run.at(c), high=run.at(c), n=run.examples) for run in runs]
        )
        for c in calls
    ]
