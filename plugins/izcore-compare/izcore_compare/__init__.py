"""Search methods side by side: same task, same examples, same seeds, same number of calls.

What stands below loads when it is first used, so that registering the command is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from izcore_compare.api import compare
    from izcore_compare.results import ComparisonResult, MethodResult, MethodScore, Pair

__all__ = ["ComparisonResult", "MethodResult", "MethodScore", "Pair", "compare"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        module = "api" if name == "compare" else "results"
        return getattr(import_module(f"izcore_compare.{module}"), name)
    raise AttributeError(f"module 'izcore_compare' has no attribute {name!r}")
