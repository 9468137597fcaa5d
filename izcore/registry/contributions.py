"""What one plugin contributes, found out while it is alone: its faults reach no other."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, get_type_hints

import msgspec
import pluggy

from izcore.plugin import hookspecs
from izcore.plugin.errors import ConfigError, nearest_names
from izcore.plugin.kinds import KINDS, Kind, words
from izcore.plugin.options import convert_options
from izcore.plugin.record import Options, Record
from izcore.plugin.registrations import (
    Backend,
    BackendRegistration,
    CommandRegistration,
    Model,
    Preset,
    Registration,
    ScorerRegistration,
)
from izcore.registry.tracing import Tracer

REGISTERING_HOOKS: Mapping[str, type[Record]] = MappingProxyType(
    {kind.hook: kind.registration for kind in KINDS.values()}
    | {"izcore_presets": Preset, "izcore_models": Model}
)
KIND_OF: Mapping[str, Kind] = MappingProxyType({entry.hook: kind for kind, entry in KINDS.items()})
"""The kind that a hook registers; presets and models are of none."""
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("izcore_"))
REPORT = "report it to its authors"


class Contributions(Record):
    """What a plugin registers, by hook, and the hooks with which it observes.

    ``converted`` names what it registered with the deprecated :class:`Backend`.
    """

    records: Mapping[str, tuple[Record, ...]] = {}
    observes: tuple[str, ...] = ()
    converted: tuple[str, ...] = ()

    def registrations(self) -> Iterable[tuple[Kind, Registration]]:
        """Return all that has a kind."""
        for hook, records in self.records.items():
            for record in records:
                if isinstance(record, Registration):
                    yield KIND_OF[hook], record

    def backends(self) -> Iterable[tuple[Kind, BackendRegistration]]:
        """Return its backends with their kinds."""
        for kind, record in self.registrations():
            if isinstance(record, BackendRegistration):
                yield kind, record

    def of(self, kind: type[Record]) -> tuple[Any, ...]:
        """Return its records of one type, such as presets."""
        return tuple(r for records in self.records.values() for r in records if isinstance(r, kind))


class RefusedError(Exception):
    """A plugin cannot be used: the reason and the fix, each in a few words."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


def plugin_manager() -> pluggy.PluginManager:
    """Return a plugin manager that knows the hooks and no plugin."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def api_version_of(plugin: object) -> int:
    """Return the version of the hook API that a plugin says it was written for."""
    says = getattr(plugin, "IZCORE_API", None)
    fix = f"its author adds IZCORE_API = {hookspecs.API_VERSION}"
    if says is None:
        raise RefusedError("it does not say which hook API it was written for", fix)
    if not isinstance(says, int) or isinstance(says, bool):
        raise RefusedError(f"it says IZCORE_API = {says!r}, which is no whole number", fix)
    return says


def contributions_of(plugin: object, name: str, tracer: Tracer) -> Contributions:
    """Register a plugin in a manager of its own, call its registering hooks and check what they return."""
    _check_hooks(plugin)
    alone = plugin_manager()
    try:
        alone.register(plugin)
        alone.check_pending()
    except pluggy.PluginValidationError as error:
        raise RefusedError(
            " ".join(str(error).split()), "see the hook's documentation for its arguments"
        ) from error
    records: dict[str, tuple[Record, ...]] = {}
    observes: list[str] = []
    converted: list[str] = []
    for hook in HOOKS:
        for implementation in getattr(alone.hook, hook).get_hookimpls():
            _check_plain_function(implementation, hook)
            if hook in REGISTERING_HOOKS:
                given = _returned_records(hook, lambda: tracer.call(name, implementation, {}))  # noqa: B023
                records[hook] = tuple(_checked(hook, record) for record in given)
                converted += [f"{_noun(hook)} {r.name!r}" for r in given if isinstance(r, Backend)]
            else:
                observes.append(hook)
    return Contributions(records=records, observes=tuple(observes), converted=tuple(converted))


def _check_hooks(plugin: object) -> None:
    for name in dir(plugin):
        if not name.startswith("izcore_") or name == "izcore_impl":
            continue
        attribute = getattr(plugin, name)
        if hasattr(attribute, "izcore_impl") and name not in HOOKS:
            raise RefusedError(f"it implements the unknown hook {name}", nearest_names(name, HOOKS))
        if callable(attribute) and name in HOOKS and not hasattr(attribute, "izcore_impl"):
            raise RefusedError(f"its {name} is not marked with @hookimpl", "its author adds @hookimpl")


def _check_plain_function(implementation: pluggy.HookImpl, hook: str) -> None:
    if implementation.wrapper or implementation.hookwrapper:
        raise RefusedError(f"its {hook} wraps those of others, which izcore's hooks do not allow", REPORT)
    if inspect.iscoroutinefunction(implementation.function):
        raise RefusedError(f"its {hook} is async; hooks are plain functions", "its author writes def")


def _returned_records(hook: str, call: Callable[[], Any]) -> tuple[object, ...]:
    try:
        returned = call()
        if not isinstance(returned, Iterable):
            raise RefusedError(f"its {hook} returned {type(returned).__name__}, not a list", REPORT)
        return tuple(returned)
    except TypeError as error:
        # Such as a field that the hook's record does not have.
        expected = REGISTERING_HOOKS[hook]
        fields = f"{expected.__name__} has the fields {', '.join(expected.__struct_fields__)}"
        raise RefusedError(f"its {hook} failed: {error}", fields) from error


def _checked(hook: str, record: object) -> Record:
    expected = REGISTERING_HOOKS[hook]
    if isinstance(record, Backend) and issubclass(expected, BackendRegistration):
        record = _converted(record, expected, hook)
    if not isinstance(record, expected):
        raise RefusedError(
            f"its {hook} returned a {type(record).__name__} where a {expected.__name__} belongs", REPORT
        )
    _check_fields(record, hook)
    return record


def _converted(backend: Backend, kind: type[BackendRegistration], hook: str) -> BackendRegistration:
    """Return a registration of before each kind had its own as one of its kind."""
    fields = {}
    for field in msgspec.structs.fields(Backend):
        value = getattr(backend, field.name)
        if field.name in kind.__struct_fields__:
            fields[field.name] = value
        elif value != field.default and value != {}:
            raise RefusedError(
                f"its {_noun(hook)} {backend.name!r} sets {field.name}, which is not for a {_noun(hook)}",
                f"its author uses {kind.__name__}",
            )
    return kind(**fields)


def _noun(hook: str) -> str:
    """What one of those that a hook registers is called."""
    return words(KIND_OF[hook]) if hook in KIND_OF else hook.removeprefix("izcore_").removesuffix("s")


def _check_fields(record: Record, hook: str) -> None:
    """Records are made unchecked, for speed; those of strangers are checked here."""
    shown = getattr(record, "name", None)
    what = f"its {_noun(hook)} {shown!r}"
    for name, hint in _hints(type(record)).items():
        try:
            msgspec.convert(getattr(record, name), hint)
        except msgspec.ValidationError as error:
            text = str(error)
            raise RefusedError(f"{what}: {name}: {text[:1].lower()}{text[1:]}", REPORT) from None
    if not shown:
        raise RefusedError(f"{what} has no name", REPORT)
    if isinstance(record, Registration):
        _check_path(record.imports, what)
    if isinstance(record, BackendRegistration):
        _check_options(record, what)
    elif isinstance(record, CommandRegistration):
        _check_word(record.name, what)
        if record.function:
            _check_path(record.function, f"{what}: function")
    elif isinstance(record, Model):
        _check_path(record.pull, f"{what}: pull")


@cache
def _hints(record: type[Record]) -> Mapping[str, Any]:
    """Types of the fields that are plain data; option classes are none."""
    hints = get_type_hints(record, include_extras=True)
    return {name: hints[name] for name in record.__struct_fields__ if name != "options"}


def _check_options(backend: BackendRegistration, what: str) -> None:
    if not isinstance(backend.options, type) or not issubclass(backend.options, Options):
        raise RefusedError(f"{what}: options: {backend.options!r} is no subclass of Options", REPORT)
    known = backend.options.__struct_fields__
    probe = backend.probe if isinstance(backend, ScorerRegistration) else ()
    for name in filter(None, (backend.argument, *backend.models, *backend.defaults, *probe)):
        if name not in known:
            raise RefusedError(f"{what} speaks of an option {name!r} that it does not have", REPORT)
    required = [f.name for f in msgspec.structs.fields(backend.options) if f.required]
    if not required:
        try:
            convert_options(backend.options, backend.defaults, where=what)
        except ConfigError as error:
            raise RefusedError(error.message.rstrip("."), REPORT) from None


def _check_word(command: str, what: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", command):
        raise RefusedError(
            f"{what}: a command is a word of letters a to z, digits and - between them", REPORT
        )


def _check_path(path: str, what: str) -> None:
    module, colon, name = path.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise RefusedError(f"{what}: {path!r} is no import path package.module:name", REPORT)
