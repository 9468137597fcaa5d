"""Writes a new plugin's package from templates, for ``iz plugins new``."""

from izcore.scaffold.naming import Names, read_name
from izcore.scaffold.package import TEMPLATED_KINDS, render_package, try_it, write_package

__all__ = ["TEMPLATED_KINDS", "Names", "read_name", "render_package", "try_it", "write_package"]
