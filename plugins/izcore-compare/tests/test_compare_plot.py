"""Plots show names as they are."""

from pathlib import Path

import pytest

from izcore_compare.curves import Curve, CurvePoint
from izcore_compare.plot import draw_curves

CURVES = [Curve(points=(CurvePoint(calls=3, test=0.5), CurvePoint(calls=6, test=0.7)), calls=9, examples=1)]


@pytest.mark.parametrize("name", ["a $cheap$ one", r"$\frac{", "_hidden", "<b>\x1b[31m&"])
def test_any_name_is_text_in_a_plot(tmp_path: Path, name: str) -> None:
    draw_curves(tmp_path / "plot.svg", {name: CURVES, "other": CURVES}, title=name)
    svg = (tmp_path / "plot.svg").read_text()
    assert "<b>" not in svg
    assert "\x1b" not in svg
    assert svg.count(name.replace("<b>\x1b[31m&", r"\x1b[31m")) >= 2  # comments say what glyphs show
