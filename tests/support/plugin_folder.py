"""Installs plugins by hand: a module, and the .dist-info folder that makes its entry point discoverable."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from support import TESTS

OLD_PLUGIN = TESTS / "third_party" / "izcore-first" / "izcore_first.py"
"""A plugin that was written for the first version of the hook API."""

Install = Callable[[str, str], Path]


def install_plugin(site: Path, name: str, source: str, *, entry: str = "") -> None:
    """Put a distribution ``name`` 1.5 into a folder that is to stand on ``PYTHONPATH``.

    ``entry`` is the name of its entry point, where that is not the distribution's.
    """
    module = name.replace("-", "_")
    (site / f"{module}.py").write_text(textwrap.dedent(source), encoding="utf-8")
    info = site / f"{module}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[izcore]\n{entry or name} = {module}\n", encoding="utf-8")
