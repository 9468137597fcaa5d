"""Imports what plugins name by path, and names the plugin where that goes wrong."""

import contextlib
import importlib
from collections.abc import Callable, Iterator
from typing import Any

from izcore.plugin.errors import BackendError, BackendUnavailableError, IzError
from izcore.plugin.registrations import Registration


def import_object(path: str) -> Callable[..., Any]:
    """Import ``package.module:name``."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


@contextlib.contextmanager
def blaming(what: str, registration: Registration, distribution: str) -> Iterator[None]:
    """Turn what goes wrong while something of a plugin is imported and made into errors that name it."""
    try:
        yield
    except IzError:
        raise
    except ImportError as error:
        raise BackendUnavailableError(
            f"{what} cannot be loaded: {one_line(error)}",
            hint=f"Install what it needs: {registration.install or f'pip install {distribution}'}",
        ) from error
    except (Exception, SystemExit) as error:
        raise BackendError(
            f"{what} failed to start: {one_line(error)}",
            hint="This is a fault of the plugin; report it to its authors.",
        ) from error


def one_line(error: BaseException) -> str:
    """Say what an error is, in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
