"""The plots, drawn by matplotlib as SVG whose colours follow the page's."""

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from izcore.plugin import plain_line
from izcore_web.svg import themed
from izcore_web.views.curve import Curve, Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# What stands for a colour of the page until the SVG is made; see izcore_web.svg.
INK, MUTED, RULE, ACCENT, SOFT = "#000001", "#000002", "#000003", "#000004", "#000005"
SERIES = ("#000004", "#000006", "#000007", "#000008", "#000009")
DASHES = ("-", "--", "-.", ":")
SMALLEST, LARGEST = 8.0, 70.0
"""Areas of the dots for trials on one example and on all, in square points."""


def quality_chart(curve: Curve) -> Markup:
    """Draw every trial by the calls until then and its validation score, and the best so far as a line."""

    def draw(axes: "Axes") -> None:
        most = max(point.n for point in curve.points)
        axes.scatter(
            [point.calls for point in curve.points],
            [point.score for point in curve.points],
            s=[_area(point, most) for point in curve.points],
            color=MUTED,
            alpha=0.45,
            linewidths=0,
        )
        calls, scores = [c for c, _ in curve.best], [s for _, s in curve.best]
        axes.step([*calls, curve.calls], [*scores, scores[-1]], where="post", color=ACCENT, linewidth=2)
        axes.plot(calls, scores, "o", color=ACCENT, markersize=5)
        axes.set_xlabel("calls of the search")
        axes.set_ylabel("validation score")
        axes.set_xlim(0, curve.calls * 1.03 or 1)

    return _drawn(draw, width=9.6)


def trade_off_chart(
    points: Sequence[Point], front: Sequence[tuple[float, float]], value: Callable[[Point], float], label: str
) -> Markup:
    """Draw every trial by what it takes and its score; ``front`` joins those that none outdoes for less."""

    def draw(axes: "Axes") -> None:
        most = max(point.n for point in points)
        axes.scatter(
            [value(point) for point in points],
            [point.score for point in points],
            s=[_area(point, most) for point in points],
            color=MUTED,
            alpha=0.45,
            linewidths=0,
        )
        if front:
            axes.step([x for x, _ in front], [y for _, y in front], where="post", color=ACCENT, linewidth=1.5)
            axes.plot([x for x, _ in front], [y for _, y in front], "o", color=ACCENT, markersize=4)
        axes.set_xlabel(label)
        axes.set_ylabel("validation score")
        axes.set_xlim(left=0)

    return _drawn(draw, width=4.6)


def _area(point: Point, most: int) -> float:
    return SMALLEST + (LARGEST - SMALLEST) * point.n / most


def lines_chart(lines: Mapping[str, Sequence[tuple[float, float]]], *, x: str, y: str) -> Markup:
    """Draw a step line for each name."""

    def draw(axes: "Axes") -> None:
        end = max(points[-1][0] for points in lines.values())
        for (name, points), colour, dash in zip(lines.items(), cycle(SERIES), cycle(DASHES), strict=False):
            xs, ys = [a for a, _ in points], [b for _, b in points]
            axes.step(
                [*xs, end],
                [*ys, ys[-1]],
                where="post",
                color=colour,
                linestyle=dash,
                linewidth=2,
                label=f" {plain_line(name)}",
            )
        legend = axes.legend(frameon=False, labelcolor=INK)
        for text in legend.get_texts():
            text.set_parse_math(False)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.set_xlim(left=0)

    return _drawn(draw, width=9.6)


def _drawn(draw: "Callable[[Axes], None]", *, width: float) -> Markup:
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "izcore", "font.size": 10}
    with rc_context(settings):
        figure = Figure(figsize=(width, 3.1), layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        axes = figure.add_subplot()
        axes.patch.set_visible(False)
        draw(axes)
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", ".25", ".5", ".75", "1"])
        axes.grid(axis="y", color=RULE, linewidth=1)
        axes.set_axisbelow(True)
        axes.tick_params(colors=MUTED, length=0, pad=6)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set_color(MUTED)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(RULE)
        return themed(figure)
