"""Writes the reference pages from the code, so that they cannot say anything else.

A line ``<!-- generated: NAME -->`` in a page becomes the text of that name, and every ``toml`` block is
read as a configuration; one that the code would refuse is a warning, which fails the build.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from generated_reference.command_line import commands
from generated_reference.conformance_kit import conformance, conformance_fixtures
from generated_reference.plugin_api import events, hooks, plugin_api
from generated_reference.settings import backends, configuration, configuration_problems, presets

MARKER = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)


GENERATED: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "configuration": configuration,
    "presets": presets,
    "backends": backends,
    "plugin-api": plugin_api,
    "hooks": hooks,
    "events": events,
    "conformance": conformance,
    "conformance-fixtures": conformance_fixtures,
}


def replace_markers(text: str) -> str:
    """Return a page with what its markers stand for."""
    return MARKER.sub(lambda match: GENERATED[match[1]](), text)


def setup(app: Any) -> dict[str, bool]:
    """Connect to Sphinx."""
    from sphinx.util import logging

    logger = logging.getLogger(__name__)

    def write_page(_app: Any, docname: str, source: list[str]) -> None:
        for problem in configuration_problems(source[0]):
            logger.warning(problem, location=docname)
        source[0] = replace_markers(source[0])

    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
