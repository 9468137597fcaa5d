"""What one plugin contributes, found out while it is alone: its faults reach no other."""

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args, get_type_hints

import msgspec
import pluggy

from izcore.plugin import hookspecs
from izcore.plugin.errors import ConfigError, nearest_names
from izcore.plugin.options import convert_options
from izcore.plugin.records import Options, Record
from izcore.plugin.registrations import Backend, Model, Preset
from izcore.registry.tracing import Tracer

Kind = Literal["generator", "scorer", "surrogate", "task", "metric", "tracker"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REGISTERING_HOOKS: Mapping[str, type[Record]] = MappingProxyType(
    {f"izcore_{kind}s": Backend for kind in KINDS} | {"izcore_presets": Preset, "izcore_models": Model}
)
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("izcore_"))
REPORT = "report it to its authors"


class Contributions(Record):
    """What a plugin registers, by hook, and the hooks with which it observes."""

    records: Mapping[str, tuple[Record, ...]] = {}
    observes: tuple[str, ...] = ()

    def backends(self) -> Iterable[tuple[Kind, Backend]]:
        """Return its backends with their kinds."""
        for hook, records in self.records.items():
            for record in records:
                if isinstance(record, Backend):
                    yield kind_of(hook), record

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


def kind_of(hook: str) -> Kind:
    """Return the kind of backend that a hook registers."""
    return next(kind for kind in KINDS if hook == f"izcore_{kind}s")


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
    observes = []
    for hook in HOOKS:
        for implementation in getattr(alone.hook, hook).get_hookimpls():
            _check_plain_function(implementation, hook)
            if hook in REGISTERING_HOOKS:
                returned = tracer.call(name, implementation, {})
                records[hook] = tuple(_checked(hook, returned))
            else:
                observes.append(hook)
    return Contributions(records=records, observes=tuple(observes))


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


def _checked(hook: str, returned: Any) -> Iterable[Record]:
    expected = REGISTERING_HOOKS[hook]
    if not isinstance(returned, Iterable):
        raise RefusedError(f"its {hook} returned {type(returned).__name__}, not a list", REPORT)
    for record in returned:
        if not isinstance(record, expected):
            raise RefusedError(
                f"its {hook} returned a {type(record).__name__} where a {expected.__name__} belongs", REPORT
            )
        _check_fields(record, hook)
        yield record


def _check_fields(record: Record, hook: str) -> None:
    """Records are made unchecked, for speed; those of strangers are checked here."""
    shown = getattr(record, "name", None)
    what = f"its {hook.removeprefix('izcore_').removesuffix('s')} {shown!r}"
    for name, hint in _hints(type(record)).items():
        try:
            msgspec.convert(getattr(record, name), hint)
        except msgspec.ValidationError as error:
            text = str(error)
            raise RefusedError(f"{what}: {name}: {text[:1].lower()}{text[1:]}", REPORT) from None
    if not shown:
        raise RefusedError(f"{what} has no name", REPORT)
    if isinstance(record, Backend):
        _check_backend(record, what)
    elif isinstance(record, Model):
        _check_path(record.pull, f"{what}: pull")


@cache
def _hints(record: type[Record]) -> Mapping[str, Any]:
    """Types of the fields that are plain data; option classes are none."""
    hints = get_type_hints(record, include_extras=True)
    return {name: hints[name] for name in record.__struct_fields__ if name != "options"}


def _check_backend(backend: Backend, what: str) -> None:
    _check_path(backend.factory, f"{what}: factory")
    if not isinstance(backend.options, type) or not issubclass(backend.options, Options):
        raise RefusedError(f"{what}: options: {backend.options!r} is no subclass of Options", REPORT)
    known = backend.options.__struct_fields__
    for name in filter(None, (backend.argument, *backend.models, *backend.defaults, *backend.probe)):
        if name not in known:
            raise RefusedError(f"{what} speaks of an option {name!r} that it does not have", REPORT)
    required = [f.name for f in msgspec.structs.fields(backend.options) if f.required]
    if not required:
        try:
            convert_options(backend.options, backend.defaults, where=what)
        except ConfigError as error:
            raise RefusedError(error.message.rstrip("."), REPORT) from None


def _check_path(path: str, what: str) -> None:
    module, colon, name = path.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise RefusedError(f"{what}: {path!r} is no import path package.module:name", REPORT)
