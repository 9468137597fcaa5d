"""What a run depends on beside its settings, and what of it is different when the run goes on."""

import contextlib
import inspect
import os
import platform
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import msgspec

from izcore.config.model_roles import models_by_role
from izcore.config.paths import Paths
from izcore.config.schema import RunConfig
from izcore.engine.digests import digest_of
from izcore.plugin.errors import UsageError
from izcore.plugin.function_digest import function_digest
from izcore.plugin.kinds import KINDS, Kind
from izcore.plugin.paths import user_path
from izcore.plugin.protocols import Scorer
from izcore.plugin.results import Change
from izcore.registry.choices import BackendChoice
from izcore.registry.members import members_of
from izcore.registry.redaction import without_keys
from izcore.registry.registry import Registry
from izcore.storage.records import Dependency

TASK = "task"
NOTHING = "nothing"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_MAJOR_MINOR = re.compile(r"\d+(?:\.\d+)?")
_SHOWN_DIGITS = 12


def dependencies_of(
    registry: Registry, config: RunConfig, paths: Paths, fingerprint: str
) -> tuple[Dependency, ...]:
    """Return what a run depends on as it is now; ``fingerprint`` is the digest of the task's data.

    That is the task's data, all that makes the models that it asks answer as they do (such as model and
    endpoint), the files, functions and libraries that its backends name, the distributions that they come
    from with the libraries that those need, and Python.
    """
    asked = list(models_by_role(registry, config).items())
    backends = [(kind, choice, "") for kind in KINDS if (choice := config.choice_of(kind)) is not None]
    backends += [("coordinate", choice, "") for choice in config.coordinates]
    writers = members_of(registry, config.generator).items()
    backends += [("generator", choice, f"generator.{name}") for name, choice in writers]
    backends += [("scorer", choice, role.name) for role, choice in asked if choice != config.scorer]
    found = [task_dependency(fingerprint)]
    for role, choice in asked:
        scorer: Scorer = registry.build("scorer", choice, paths.context(config.seed, planning=True))
        found += [_setting(f"{role.name}.{key}", value) for key, value in scorer.info().identity.items()]
    for kind, choice, place in backends:
        found += _named_by(registry, kind, choice, place, paths)
    for kind, function in registry.functions.items():
        found.append(_setting(f"{kind}.code", function_digest(function)))
    found.append(_release("Python", platform.python_version()))
    # What one backend says matters, matters, although others only need it.
    by_name = {each.name: each for each in sorted(found, key=lambda each: bool(each.decisive))}
    return tuple(by_name.values())


def task_dependency(fingerprint: str) -> Dependency:
    """Return the dependency on a task's data with this digest."""
    return Dependency(name=TASK, value=_shown(fingerprint), decisive=fingerprint)


def changes_between(then: Sequence[Dependency], now: Sequence[Dependency]) -> tuple[Change, ...]:
    """Return in what the things that a run depended on are different now."""
    known = {each.name: each for each in now}
    changes = []
    for before in then:
        after = known.get(before.name, Dependency(name=before.name, value=NOTHING, decisive=NOTHING))
        if (before.value, before.decisive) != (after.value, after.decisive):
            changes.append(
                Change(
                    name=before.name,
                    before=before.value,
                    after=after.value,
                    accepted=before.decisive != after.decisive,
                )
            )
    return tuple(changes)


def refuse(run_id: str, changes: Sequence[Change]) -> None:
    """Raise UsageError, which names every change that scores could depend on, if there is one."""
    told = [f"{each.name}: {each.before} then, {each.after} now" for each in changes if each.accepted]
    if told:
        raise UsageError(
            f"Something that run {run_id} depends on changed on disk or around it since it began; its old "
            f"scores would not mean the same. {'; '.join(told)}.",
            hint="Put it back, or start a new run. To go on all the same, which the result will say: "
            f"iz resume {run_id} --accept-changes",
        )


def _named_by(
    registry: Registry, kind: Kind, choice: BackendChoice, place: str, paths: Paths
) -> Iterator[Dependency]:
    """Yield what a backend depends on; ``place`` is where it is chosen, empty for that of its kind."""
    registered = registry.find(kind, choice.name)
    place = place or registered.key
    backend, plugin = registered.backend, registered.plugin
    with contextlib.suppress(PackageNotFoundError):
        yield from _requirements(plugin.distribution)
    yield Dependency(name=plugin.distribution, value=plugin.version, decisive=plugin.version)
    for option in backend.files:
        path = user_path(str(choice.options.get(option) or ""))
        if choice.options.get(option) and path.exists():
            yield _content(f"content of {place}.{option}", path.name, [path])
    for option in backend.functions:
        named = str(choice.options.get(option) or "")
        # Building the backend imports the function, wherever it finds it.
        registry.build(kind, choice, paths.context(seed=0, planning=True))
        if sources := _sources(named):
            yield _content(f"source of {place}.{option}", named, sources)
    for library in backend.libraries:
        with contextlib.suppress(PackageNotFoundError):
            yield _release(library, version(library))


def _requirements(distribution: str) -> Iterator[Dependency]:
    """Yield the libraries that a distribution needs; that one has another version is told and not refused."""
    for requirement in requires(distribution) or ():
        library = _NAME.match(requirement)
        if library and "extra ==" not in requirement:
            with contextlib.suppress(PackageNotFoundError):
                yield Dependency(name=library[0], value=version(library[0]), decisive="")


def _setting(name: str, value: object) -> Dependency:
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    shown = without_keys(text, os.environ) or NOTHING
    return Dependency(name=name, value=shown, decisive=shown)


def _content(name: str, shown: str, paths: Sequence[Path]) -> Dependency:
    digest = " ".join(map(digest_of, paths))
    return Dependency(name=name, value=f"{shown} ({_shown(digest)})", decisive=digest)


def _release(name: str, full: str) -> Dependency:
    """Return the dependency on something whose patch releases change no result."""
    found = _MAJOR_MINOR.match(full)
    return Dependency(name=name, value=full, decisive=found[0] if found else full)


def _sources(function: str) -> list[Path]:
    """Return the files in which a function is named and, if it comes from elsewhere, defined."""
    module_name, _, name = function.partition(":")
    module = sys.modules.get(module_name)
    defined = inspect.getmodule(inspect.unwrap(getattr(module, name, None) or len))
    files = [getattr(each, "__file__", None) for each in (module, defined)]
    return [Path(file) for file in dict.fromkeys(files) if file]


def _shown(digest: str) -> str:
    return f"sha256 {digest[:_SHOWN_DIGITS]}"
