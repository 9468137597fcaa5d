"""Finds plugins by entry point, isolates those that fail, and resolves a name to an object.

Each plugin is first tried alone, in a plugin manager of its own; only one that imports, spells its hooks
right, speaks this API version and claims no taken name joins the others. Whatever is wrong with one is
kept as a reason to show, and the rest works.
"""

import contextlib
import importlib
import itertools
import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Literal, get_args

import msgspec
import pluggy

from izcore import hookspecs
from izcore.errors import (
    BackendError,
    BackendUnavailableError,
    ConfigError,
    IzError,
    UnknownNameError,
    nearest_names,
)
from izcore.records import Backend, BackendContext, Model, Options, Preset, Record

Kind = Literal["generator", "scorer", "surrogate", "task", "metric", "tracker"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CORE_DISTRIBUTION = "izcore"
_REGISTERING_HOOKS: Mapping[str, type[Record]] = MappingProxyType(
    {f"izcore_{kind}s": Backend for kind in KINDS} | {"izcore_presets": Preset, "izcore_models": Model}
)


class PluginInfo(Record):
    """An entry point of the group ``izcore`` and what became of it."""

    name: str
    distribution: str
    version: str
    status: Literal["loaded", "failed", "blocked"]
    reason: str = ""
    fix: str = ""


class Registered(Record):
    """A backend and the plugin that it came from."""

    kind: Kind
    backend: Backend
    plugin: PluginInfo

    @property
    def key(self) -> str:
        """Where a configuration holds its options: of each kind a run has one, but any number of trackers."""
        return f"trackers.{self.backend.name}" if self.kind == "tracker" else self.kind


class BackendChoice(Record):
    """A backend chosen for a run, with every option at its effective value."""

    name: str
    options: Mapping[str, Any] = {}


class Registry:
    """All installed backends, presets and models, and the plugins that they came from."""

    def __init__(self) -> None:
        self.hooks = _plugin_manager()
        self.plugins: list[PluginInfo] = []
        self._backends: dict[tuple[Kind, str], Registered] = {}
        self._presets: list[tuple[Preset, PluginInfo]] = []
        self._models: dict[str, Model] = {}

    @classmethod
    def discover(cls, *, blocked: Collection[str] = (), only: Collection[str] | None = None) -> "Registry":
        """Load every entry point of the group, sorted by name, but for blocked ones (never imported).

        ``blocked`` and ``only`` name entry points or distributions; the core's own plugin always loads.
        """
        registry = cls()
        found = entry_points(group=hookspecs.PROJECT)
        for entry in sorted(found, key=lambda e: (_distribution(e)[0] != CORE_DISTRIBUTION, e.name, e.value)):
            registry._load(entry, blocked=blocked, only=only)
        return registry

    # --- loading ---------------------------------------------------------------------------------

    def _load(self, entry: EntryPoint, *, blocked: Collection[str], only: Collection[str] | None) -> None:
        distribution, version = _distribution(entry)
        info = PluginInfo(
            name=entry.name, distribution=distribution, version=version, status="loaded", reason=""
        )
        names = {entry.name, distribution}
        if distribution != CORE_DISTRIBUTION:
            if names & set(blocked):
                return self._note(info, "blocked", "blocked by the user", "")
            if only is not None and not names & set(only):
                return self._note(info, "blocked", "not among the plugins that were asked for", "")
        try:
            # A plugin that prints while it loads must not spoil what the command line prints.
            with contextlib.redirect_stdout(sys.stderr):
                plugin = entry.load()
        except ModuleNotFoundError as error:
            self._note(info, "failed", f"needs the module {error.name}", f"pip install {distribution}")
        except (Exception, SystemExit) as error:
            self._note(
                info, "failed", f"its import failed: {_one_line(error)}", f"pip install -U {distribution}"
            )
        else:
            self.add(plugin, info)

    def add(self, plugin: object, info: PluginInfo) -> None:
        """Register one plugin object, or note why it cannot be."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                self._check_api(plugin, info)
                contributions = _try_alone(plugin)
                self._check_names(contributions, info)
                self.hooks.register(plugin, name=info.name)
        except _RefusedError as refusal:
            return self._note(info, "failed", refusal.reason, refusal.fix)
        except (Exception, SystemExit) as error:
            return self._note(info, "failed", _one_line(error), f"pip install -U {info.distribution}")
        for hook, records in contributions.items():
            for record in records:
                if isinstance(record, Backend):
                    kind = _kind_of(hook)
                    self._backends[kind, record.name] = Registered(kind=kind, backend=record, plugin=info)
                elif isinstance(record, Preset):
                    self._presets.append((record, info))
                elif isinstance(record, Model):
                    self._models[record.name] = record
        self.plugins.append(info)

    def observe(self, observer: object, name: str) -> None:
        """Add an object with observing hooks, such as a progress display."""
        self.hooks.register(observer, name=name)

    def leave_out(self, observer: object) -> None:
        """Take an observer away again, if it is there."""
        if self.hooks.is_registered(observer):
            self.hooks.unregister(observer)

    def _note(self, info: PluginInfo, status: Literal["failed", "blocked"], reason: str, fix: str) -> None:
        self.plugins.append(msgspec.structs.replace(info, status=status, reason=reason, fix=fix))

    def _check_api(self, plugin: object, info: PluginInfo) -> None:
        wanted = getattr(plugin, "IZCORE_API", None)
        if wanted is None:
            raise _RefusedError(
                "it does not say which hook API it was written for",
                f"its author adds IZCORE_API = {hookspecs.API_VERSION}",
            )
        if wanted != hookspecs.API_VERSION:
            older = isinstance(wanted, int) and wanted < hookspecs.API_VERSION
            raise _RefusedError(
                f"it needs hook API {wanted}, this izcore has {hookspecs.API_VERSION}",
                f"pip install -U {info.distribution if older else CORE_DISTRIBUTION}",
            )
        if self.hooks.get_plugin(info.name) is not None:
            taken = next(p for p in self.plugins if p.name == info.name and p.status == "loaded")
            raise _RefusedError(
                f"the plugin name {info.name!r} is taken by {taken.distribution}",
                f"pip uninstall {info.distribution} or {taken.distribution}",
            )

    def _check_names(self, contributions: Mapping[str, list[Record]], info: PluginInfo) -> None:
        for hook, records in contributions.items():
            seen: set[str] = set()
            for record in records:
                if isinstance(record, Preset):
                    self._check_preset(record, info)
                    continue
                assert isinstance(record, Backend | Model)
                owner: str | None = info.distribution if record.name in seen else None
                if isinstance(record, Backend):
                    taken = self._backends.get((_kind_of(hook), record.name))
                    owner = owner or (taken.plugin.distribution if taken else None)
                elif record.name in self._models:
                    owner = "another plugin"
                if owner:
                    raise _RefusedError(
                        f"its {hook.removeprefix('izcore_').removesuffix('s')} {record.name!r} "
                        f"is already registered by {owner}",
                        f"block one of them: iz --no-plugin {info.name} …",
                    )
                seen.add(record.name)

    def _check_preset(self, preset: Preset, info: PluginInfo) -> None:
        mine = set(_leaf_keys(preset.settings))
        for other, owner in self._presets:
            if other.name != preset.name or owner.distribution == CORE_DISTRIBUTION:
                continue
            clash = sorted(mine & set(_leaf_keys(other.settings)))
            if clash:
                raise _RefusedError(
                    f"its preset {preset.name!r} sets {clash[0]}, as does that of {owner.distribution}",
                    f"block one of them: iz --no-plugin {info.name} …",
                )

    # --- looking up ------------------------------------------------------------------------------

    def backends(self, kind: Kind) -> list[Registered]:
        """Return all backends of a kind, sorted by name."""
        return sorted(
            (found for (k, _), found in self._backends.items() if k == kind), key=lambda r: r.backend.name
        )

    def find(self, kind: Kind, name: str) -> Registered:
        """Return the backend of that kind and name; the error names what is near and what failed."""
        found = self._backends.get((kind, name))
        if found is None:
            hint = nearest_names(name, (r.backend.name for r in self.backends(kind)))
            for plugin in self.plugins:
                if plugin.status != "loaded":
                    fix = f" Try: {plugin.fix}." if plugin.fix else ""
                    hint += f"\nThe plugin {plugin.distribution} did not load: {plugin.reason}.{fix}"
            hint += f"\nA plugin that is not installed may have it: pip install izcore-{name}"
            raise UnknownNameError(f"There is no {kind} named {name!r}.", hint=hint)
        return found

    def choose(self, kind: Kind, spec: str, options: Mapping[str, Any]) -> BackendChoice:
        """Turn ``name`` or ``name:argument`` and raw options into a validated choice.

        Errors name the option by its key, such as ``kind.option``.
        """
        name, colon, argument = spec.partition(":")
        found = self.find(kind, name)
        backend, key = found.backend, found.key
        raw = dict(options)
        for option in backend.models:
            if raw.get(option):
                self.choose_model(raw[option], where=f"{key}.{option}")
        if colon:
            if not backend.argument:
                raise ConfigError(
                    f"{key} = {spec!r}: {name} takes nothing after the colon.", hint=f"Write just {name!r}."
                )
            raw[backend.argument] = argument
        validated = convert_options(backend.options, {**backend.defaults, **raw}, where=key)
        return BackendChoice(name=name, options=msgspec.to_builtins(validated))

    def choose_model(self, named: object, *, where: str) -> BackendChoice:
        """Turn what an option says about a model, ``name:MODEL`` or a table with a name, into a choice."""
        table = {"name": named} if isinstance(named, str) else named
        if not isinstance(table, Mapping) or not table.get("name"):
            raise ConfigError(
                f"{where}: a model's name is wanted, not {named!r}.",
                hint=f'Write {where} = "SCORER:MODEL", or a table of name and options.',
            )
        options = {key: value for key, value in table.items() if key != "name"}
        try:
            return self.choose("scorer", str(table["name"]), options)
        except (ConfigError, UnknownNameError) as error:
            raise type(error)(f"{where}: {error.message}", hint=error.hint) from None

    def task_format(self, suffix: str) -> Registered | None:
        """Return the task backend that reads files with this suffix (``"/"`` for folders), if any."""
        return next((r for r in self.backends("task") if suffix.lower() in r.backend.paths), None)

    def build(self, kind: Kind, choice: BackendChoice, context: BackendContext) -> Any:
        """Import the chosen backend's factory and call it; failures name the distribution at fault."""
        registered = self.find(kind, choice.name)
        backend, distribution = registered.backend, registered.plugin.distribution
        options = convert_options(backend.options, choice.options, where=registered.key)
        install = backend.install or f"pip install {distribution}"
        try:
            factory = import_object(backend.factory)
            return factory(options, context)
        except IzError:
            raise
        except ImportError as error:
            raise BackendUnavailableError(
                f"The {kind} {choice.name!r} of {distribution} cannot be loaded: {_one_line(error)}",
                hint=f"Install what it needs: {install}",
            ) from error
        except Exception as error:
            raise BackendError(
                f"The {kind} {choice.name!r} of {distribution} failed to start: {_one_line(error)}",
                hint="This is a fault of the plugin; report it to its authors.",
            ) from error

    def describe(self, kind: Kind, choice: BackendChoice) -> str:
        """Show a choice in one line: its name, what was asked for, and options that are not the default."""
        registered = self._backends.get((kind, choice.name))
        shown = dict(choice.options)
        if registered is not None:
            fields = msgspec.structs.fields(registered.backend.options)
            defaults = {
                f.name: f.default if f.default_factory is msgspec.NODEFAULT else f.default_factory()
                for f in fields
                if not f.required
            }
            shown = {
                name: value
                for name, value in shown.items()
                if (name == registered.backend.argument and value)
                or msgspec.json.encode(value) != msgspec.json.encode(defaults.get(name))
            }
        text = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{choice.name} ({text})" if text else choice.name

    def presets(self) -> dict[str, str]:
        """Return name and summary of every preset, in the words of who came first, the core above all."""
        return {preset.name: preset.summary for preset, _ in reversed(self._presets_in_order())}

    def preset_settings(self, name: str) -> list[Mapping[str, Any]]:
        """Return the settings that make up a preset: of what it extends, then its own, the core's first.

        Raises :class:`UnknownNameError` for a name that no plugin has, and :class:`ConfigError` for presets
        that extend each other in a circle.
        """
        return self._preset_settings(name, ())

    def _preset_settings(self, name: str, extending: tuple[str, ...]) -> list[Mapping[str, Any]]:
        if name in extending:
            raise ConfigError(
                f"The presets {', '.join(map(repr, extending))} extend each other in a circle.",
                hint="This is a fault of their plugins; leave one out: iz --no-plugin NAME …",
            )
        parts = [preset for preset, _ in self._presets_in_order() if preset.name == name]
        if not parts:
            asked = f" The preset {extending[-1]!r} extends it." if extending else ""
            raise UnknownNameError(
                f"There is no preset named {name!r}.{asked}", hint=nearest_names(name, self.presets())
            )
        bases = dict.fromkeys(preset.extends for preset in parts if preset.extends)
        inherited = [self._preset_settings(base, (*extending, name)) for base in bases]
        return [*itertools.chain.from_iterable(inherited), *(preset.settings for preset in parts)]

    def _presets_in_order(self) -> list[tuple[Preset, PluginInfo]]:
        return sorted(self._presets, key=lambda pair: pair[1].distribution != CORE_DISTRIBUTION)

    def models(self) -> list[Model]:
        """Return the models that can be pulled, sorted by name."""
        return [self._models[name] for name in sorted(self._models)]


class _RefusedError(Exception):
    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fix = fix


def import_object(path: str) -> Callable[..., Any]:
    """Import ``package.module:name``."""
    module, _, name = path.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def convert_options(options: type[Options], raw: Mapping[str, Any], *, where: str) -> Options:
    """Validate raw options; the error names the option as ``where.option`` and what is near."""
    known = [field.name for field in msgspec.structs.fields(options)]
    for key in raw:
        if key not in known:
            raise ConfigError(f"{where}.{key}: unknown option.", hint=nearest_names(key, known))
    try:
        return msgspec.convert(dict(raw), options, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(explain_validation(error, where)) from None


def explain_validation(error: msgspec.ValidationError, where: str) -> str:
    """Turn msgspec's message into ``where.key: expected …``."""
    text, _, path = str(error).partition(" - at `$")
    key = (where + path.rstrip("`")).lstrip(".") or "configuration"
    return f"{key}: {text[:1].lower()}{text[1:]}."


def environment_choice(variable: str) -> list[str] | None:
    """Return the comma-separated names in an environment variable; None if it is not set."""
    value = os.environ.get(variable)
    return None if value is None else [name.strip() for name in value.split(",") if name.strip()]


def _plugin_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _try_alone(plugin: object) -> dict[str, list[Record]]:
    """Register a plugin in a manager of its own and collect what it contributes."""
    known = [name for name in vars(hookspecs) if name.startswith("izcore_")]
    for name in dir(plugin):
        if not name.startswith("izcore_") or name == "izcore_impl":
            continue
        attribute = getattr(plugin, name)
        if hasattr(attribute, "izcore_impl") and name not in known:
            raise _RefusedError(f"it implements the unknown hook {name}", nearest_names(name, known))
        if callable(attribute) and name in known and not hasattr(attribute, "izcore_impl"):
            raise _RefusedError(f"its {name} is not marked with @hookimpl", "its author adds @hookimpl")
    alone = _plugin_manager()
    try:
        alone.register(plugin)
        alone.check_pending()
    except pluggy.PluginValidationError as error:
        raise _RefusedError(_one_line(error), "see the hook's documentation for its arguments") from error
    contributions: dict[str, list[Record]] = {}
    for hook, expected in _REGISTERING_HOOKS.items():
        for records in getattr(alone.hook, hook)():
            if not isinstance(records, Iterable):
                raise _RefusedError(f"its {hook} returned {type(records).__name__}, not a list", "")
            for record in records:
                if not isinstance(record, expected):
                    raise _RefusedError(
                        f"its {hook} returned a {type(record).__name__} where a {expected.__name__} belongs",
                        "",
                    )
                contributions.setdefault(hook, []).append(record)
    return contributions


def _kind_of(hook: str) -> Kind:
    return next(kind for kind in KINDS if hook == f"izcore_{kind}s")


def _leaf_keys(settings: Mapping[str, Any], prefix: str = "") -> Iterable[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaf_keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("an unnamed distribution", "?")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
