"""izcore finds the instruction that makes a black-box language model do a task best.

The functions below load what they need when they are first used, so that importing izcore is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from izcore.api import compare, optimize, plan, resume, runs, score
    from izcore.registry.registry import discover

__all__ = ["compare", "discover", "optimize", "plan", "resume", "runs", "score"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("izcore.api"), name)
    raise AttributeError(f"module 'izcore' has no attribute {name!r}")
