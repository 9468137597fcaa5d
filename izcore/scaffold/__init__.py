"""Writes a new plugin's package from templates, for ``iz plugins new``."""

from izcore.scaffold.naming import Names, read_name
from izcore.scaffold.package import render_package, try_it, write_package

__all__ = ["Names", "read_name", "render_package", "try_it", "write_package"]
