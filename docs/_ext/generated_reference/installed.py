"""What is installed, discovered once."""

from functools import cache

from izcore.registry.registry import Registry, discover


@cache
def registry() -> Registry:
    """Return what is installed."""
    return discover()
