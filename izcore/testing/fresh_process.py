"""Asks in a process of its own: what importing a plugin loads, and what a surrogate suggests there."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

_LOAD = """
import importlib, sys
from izcore.registry.discovery import PluginInfo
from izcore.registry.registry import Registry
info = PluginInfo(name="subject", distribution="subject", version="0", status="loaded")
Registry().add(importlib.import_module({plugin!r}), info)
print("MODULES", *sys.modules)
"""

_SUGGEST = """
import sys
import msgspec
from izcore.plugin.trials import SuggestRequest
from izcore.plugin.registrations import BackendContext
from izcore.testing.subject import Subject
subject, context, request = msgspec.json.decode(sys.stdin.buffer.read())
subject = msgspec.convert(subject, Subject)
backend = subject.find("surrogate")
surrogate = subject.build(backend, BackendContext(**context))
result = surrogate.suggest(msgspec.convert(request, SuggestRequest))
print("RESULT", msgspec.json.encode(result).decode())
"""


@cache
def modules_loaded_by(plugin: str) -> frozenset[str]:
    """Return the modules that a fresh process holds after it has loaded a plugin and called its hooks."""
    return frozenset(_last_line(_LOAD.format(plugin=plugin)).split()[1:])


def suggested_elsewhere(subject: object, context: object, request: object) -> Any:
    """Return what the subject, a surrogate, suggests in a fresh process whose hashes have another seed."""
    asked = msgspec.json.encode((subject, context, request))
    line = _last_line(_SUGGEST, asked, {"PYTHONHASHSEED": "1"})
    return msgspec.json.decode(line.removeprefix("RESULT "))


def _last_line(program: str, given: bytes = b"", more: Mapping[str, str] = {}) -> str:
    path = os.pathsep.join(each for each in sys.path if each)
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=given,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path, **more},
    )
    assert done.returncode == 0, f"It failed in a fresh process:\n{done.stderr.decode(errors='replace')}"
    return done.stdout.decode().splitlines()[-1]
