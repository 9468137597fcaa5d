"""The metric that calls the user's own function."""

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

from izcore.builtins.metrics.options import FunctionOptions
from izcore.plugin.errors import BackendError, UsageError, nearest_names
from izcore.plugin.examples import MetricRequest, MetricResult
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext


class Function(Metric):
    """Calls the user's own function with the answer and the targets."""

    def __init__(self, options: FunctionOptions, context: BackendContext) -> None:
        self._path = options.path
        self._function = _import_function(options.path)

    def score(self, request: MetricRequest) -> MetricResult:
        """Score each answer; raises BackendError that names the function where it fails."""
        # What the function prints must not spoil what the command line prints.
        with contextlib.redirect_stdout(sys.stderr):
            return MetricResult(
                scores=tuple(
                    self._call(answer, example.targets)
                    for answer, example in zip(request.answers, request.examples, strict=True)
                )
            )

    def _call(self, answer: str, targets: tuple[str, ...]) -> float:
        try:
            score = self._function(answer, targets)
        except Exception as error:
            raise BackendError(
                f"The metric function {self._path} failed on the answer {answer[:60]!r}: "
                f"{type(error).__name__}: {error}",
                hint="Mend the function, then resume the run.",
            ) from error
        return score_of(score, answer, self._path)


def score_of(returned: Any, answer: str, function: str) -> float:
    """Return what a metric function returned as a score; raises BackendError where it is none."""
    if callable(item := getattr(returned, "item", None)) and getattr(returned, "ndim", 0) == 0:
        returned = item()  # numbers and truth values of numpy and torch
    if not isinstance(returned, Real) or not 0 <= float(returned) <= 1:
        raise BackendError(
            f"The metric function {function} returned {returned!r} for the answer {answer[:60]!r}.",
            hint="It must return a number from 0 to 1.",
        )
    return float(returned)


def _import_function(path: str) -> Callable[[str, Sequence[str]], Any]:
    module_name, colon, name = path.partition(":")
    if not (module_name and colon and name):
        raise UsageError(
            f"metric.path: {path!r} is not of the form package.module:function.",
            hint="Write, for example, --metric function:my_metrics:similarity",
        )
    try:
        with _current_folder_importable(), contextlib.redirect_stdout(sys.stderr):
            module = importlib.import_module(module_name)
    except Exception as error:
        raise UsageError(
            f"The metric function {path} cannot be imported: {type(error).__name__}: {error}",
            hint=f"The module {module_name} must be installed or lie in the current folder.",
        ) from error
    function = getattr(module, name, None)
    if not callable(function):
        what = "is not a function" if hasattr(module, name) else "does not exist"
        functions = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise UsageError(f"The metric function {path} {what}.", hint=nearest_names(name, functions))
    found: Callable[[str, Sequence[str]], Any] = function
    return found


@contextlib.contextmanager
def _current_folder_importable() -> Iterator[None]:
    """Let a module be found in the current folder: last, so that no file there hides an installed one."""
    here = str(Path.cwd())
    if here in sys.path:
        yield
        return
    sys.path.append(here)
    try:
        yield
    finally:
        sys.path.remove(here)
