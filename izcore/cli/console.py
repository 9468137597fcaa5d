"""The console that all commands print on: text of others shows as text, whatever it holds."""

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Span, Text

from izcore.plugin.plain_text import plain


class PlainConsole(Console):
    """A console without markup, on which no text is obeyed: escape sequences are written out.

    That holds for all that is printed on it, also within tables, panels and live displays. Styles are for
    the program to give: ``style=``, or a ``Text`` with one.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """Return a string as text, which is no markup; for ``how`` see the class that this one extends."""
        return super().render_str(plain(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render an object; what it holds of control characters is written out."""
        shown = _written_out(renderable) if isinstance(renderable, Text) else renderable
        for segment in super().render(shown, options):
            # Segments with control codes are the console's own: so a live display moves the cursor.
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def _written_out(text: Text) -> Text:
    """Return the text with control characters written out; every piece keeps its style."""
    whole = plain(text.plain)
    if whole == text.plain:  # as nearly always, and a display is drawn ten times a second
        return text
    places = [0, *accumulate(len(plain(character)) for character in text.plain)]
    shown = text.blank_copy(whole)
    shown.spans = [Span(places[span.start], places[span.end], span.style) for span in text.spans]
    return shown
