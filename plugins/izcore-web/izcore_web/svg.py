"""Makes matplotlib's SVG a part of a page: its colours, its fonts, and no styles of its own.

A page lets no inline style count (Content-Security-Policy), so what matplotlib writes as styles becomes
attributes. Colours that stand for one of the page's become variables, which a dark page sets otherwise.
"""

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
COLOURS = {
    "#000001": "var(--ink)",
    "#000002": "var(--muted)",
    "#000003": "var(--rule)",
    "#000004": "var(--accent)",
    "#000005": "var(--soft)",
    "#000006": "var(--second)",
    "#000007": "var(--third)",
    "#000008": "var(--fourth)",
    "#000009": "var(--fifth)",
}
_FONT = re.compile(r"(?P<size>[\d.]+)px\s")


def themed(figure: "Figure") -> Markup:
    """Return a figure as SVG for a page; who shows it says beside it what it shows."""
    drawn = io.StringIO()
    figure.savefig(
        drawn, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None}
    )
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(drawn.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{SVG}}}metadata", f"{{{SVG}}}style"):
                parent.remove(child)
        _without_style(parent)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("aria-hidden", "true")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _without_style(element: ElementTree.Element) -> None:
    """Write a style attribute as attributes."""
    for declaration in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = _FONT.search(value)
            name, value = "font-size", size["size"] if size else ""
        if value and name != "font-family":
            element.set(name, COLOURS.get(value, value))
    for name in ("fill", "stroke"):
        if element.get(name) in COLOURS:
            element.set(name, COLOURS[element.attrib[name]])
