"""Finds plugins by entry point, isolates those that fail, and resolves a name to an object.

Each plugin is first tried alone, in a plugin manager of its own; only one that imports, spells its hooks
right, speaks this API version and claims no taken name joins the others. Whatever is wrong with one is
kept as a reason to show, and the rest works.
"""

import copy
import os
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint
from typing import Any, Literal, TypeVar

import msgspec

from izcore.plugin import hookspecs
from izcore.plugin.errors import ConfigError, UnknownNameError
from izcore.plugin.function_digest import function_name
from izcore.plugin.kinds import Kind, kind_registered_by, words
from izcore.plugin.options import convert_options
from izcore.plugin.registrations import (
    BackendContext,
    BackendRegistration,
    CommandRegistration,
    Model,
    Preset,
    TaskRegistration,
)
from izcore.registry.choices import (
    BackendChoice,
    Registered,
    changed_options,
    name_and_options,
    telling_where,
)
from izcore.registry.contributions import (
    Contributions,
    RefusedError,
    api_version_of,
    contributions_of,
    plugin_manager,
)
from izcore.registry.deprecations import BACKEND_OF_EVERY_KIND, warn_deprecated
from izcore.registry.discovery import (
    CORE_DISTRIBUTION,
    PluginChoice,
    PluginInfo,
    environment_choice,
    installed_plugins,
)
from izcore.registry.guards import Guarded
from izcore.registry.hints import hint_for_unknown
from izcore.registry.imports import blaming, import_object
from izcore.registry.loading import Loading, check_api_version
from izcore.registry.members import asking_for, choose_members, members_of, members_option
from izcore.registry.presets import Presets
from izcore.registry.redaction import without_keys
from izcore.registry.secret_options import refuse_secrets
from izcore.registry.time_limits import LOADING_SECONDS, allowed_seconds
from izcore.registry.tracing import Tracer

R = TypeVar("R", bound=BackendRegistration)

BLOCKED_VARIABLE = "IZ_NO_PLUGINS"
ONLY_VARIABLE = "IZ_PLUGINS"
ACCEPTED_API_VERSIONS = range(hookspecs.OLDEST_API_VERSION, hookspecs.API_VERSION + 1)


class Registry:
    """All installed backends, presets and models, and the plugins that they came from."""

    def __init__(self, *, tracer: Tracer | None = None, api_versions: range = ACCEPTED_API_VERSIONS) -> None:
        self.hooks = plugin_manager()
        self.plugins: list[PluginInfo] = []
        self.presets = Presets()
        self.tracer = tracer or Tracer()
        self._api_versions = api_versions
        self._time_limit = allowed_seconds(LOADING_SECONDS)
        self._contributions: dict[str, Contributions] = {}
        self._origins: dict[str, str] = {}
        self._backends: dict[tuple[Kind, str], Registered] = {}
        self._commands: dict[str, tuple[CommandRegistration, PluginInfo]] = {}
        self._models: dict[str, tuple[Model, PluginInfo]] = {}
        self.functions: Mapping[Kind, Callable[..., Any]] = {}

    @classmethod
    def discover(
        cls,
        choice: PluginChoice = PluginChoice(),  # noqa: B008 - a frozen record
        *,
        tracer: Tracer | None = None,
        api_versions: range = ACCEPTED_API_VERSIONS,
    ) -> "Registry":
        """Load every installed plugin, sorted by name, but for those not chosen (never imported).

        ``api_versions`` are the versions of the hook API that a plugin may have been written for, the newest
        last. Warns of names in ``choice`` that no plugin has.
        """
        registry = cls(tracer=tracer, api_versions=api_versions)
        for info, entry in installed_plugins():
            why_not = choice.why_not(info)
            if why_not:
                registry._note(info, "blocked", why_not, "")
            else:
                registry._load(info, entry)
        choice.warn_of_unknown(registry.plugins)
        return registry

    def with_functions(self, functions: Mapping[Kind, Callable[..., Any]]) -> "Registry":
        """Return the same registry with functions that were given in Python, for the backends that call them.

        One that is built of a kind is given that kind's function if its option ``function`` names it.
        """
        other = copy.copy(self)
        other.functions = functions
        return other

    # --- loading ---------------------------------------------------------------------------------

    def _load(self, info: PluginInfo, entry: EntryPoint) -> None:
        # Said before, not only after: code that ends the whole process can be found no other way.
        self.tracer.say(info.name, f"importing {entry.value} of {info.distribution} {info.version}")
        self._join(info, lambda: self.tracer.timed(info.name, f"import {entry.value}", entry.load))

    def add(self, plugin: object, info: PluginInfo) -> None:
        """Register one plugin object, or note why it cannot be."""
        self._join(info, lambda: plugin)

    def _join(self, info: PluginInfo, load: Callable[[], object]) -> None:
        limit = None if info.distribution == CORE_DISTRIBUTION else self._time_limit
        loading = Loading(info, limit)
        try:
            with loading.watched():
                plugin = load()
                loading.doing = "registration"
                info = msgspec.structs.replace(info, api_version=api_version_of(plugin))
                self._check_may_join(info)
                contributed = contributions_of(plugin, info.name, self.tracer)
                self._check_names(contributed, info)
                self.hooks.register(plugin, name=info.name)
        except BaseException as error:
            refusal = loading.refusal(error)
            return self._note(info, "failed", refusal.reason, refusal.fix)
        self.plugins.append(info)
        self._origins[info.name] = info.distribution
        self._contributions[info.name] = contributed
        for kind, backend in contributed.backends():
            self._backends[kind, backend.name] = Registered(kind=kind, backend=backend, plugin=info)
        for preset in contributed.of(Preset):
            self.presets.add(preset, info)
        self._commands |= {each.name: (each, info) for each in contributed.of(CommandRegistration)}
        self._models |= {model.name: (model, info) for model in contributed.of(Model)}
        if contributed.converted:
            warn_deprecated(
                BACKEND_OF_EVERY_KIND, by=info.distribution, details=", ".join(contributed.converted)
            )

    def observe(self, observer: object, name: str, *, origin: str = "") -> None:
        """Add an object with observing hooks, such as a progress display; for ``origin`` see there."""
        self.hooks.register(observer, name=name)
        self._origins[name] = origin

    def origin(self, observer: str) -> str:
        """Return the distribution that an observer comes from; empty for the caller's and the core's own."""
        origin = self._origins.get(observer, "")
        return "" if origin == CORE_DISTRIBUTION else origin

    def leave_out(self, observer: object) -> None:
        """Take an observer away again, if it is there."""
        if self.hooks.is_registered(observer):
            self.hooks.unregister(observer)

    def _note(self, info: PluginInfo, status: Literal["failed", "blocked"], reason: str, fix: str) -> None:
        reason = without_keys(reason, os.environ)
        self.plugins.append(msgspec.structs.replace(info, status=status, reason=reason, fix=fix))

    def _check_may_join(self, info: PluginInfo) -> None:
        check_api_version(info, self._api_versions)
        if self.hooks.get_plugin(info.name) is not None:
            taken = next(p for p in self.plugins if p.name == info.name and p.status == "loaded")
            raise RefusedError(
                f"the plugin name {info.name!r} is taken by {taken.distribution}",
                f"pip uninstall {info.distribution} or {taken.distribution}",
            )

    def _check_names(self, contributed: Contributions, info: PluginInfo) -> None:
        named: list[tuple[str, str]] = [(kind, each.name) for kind, each in contributed.registrations()]
        named += [("model", model.name) for model in contributed.of(Model)]
        for place, (kind, name) in enumerate(named):
            owner = info if (kind, name) in named[:place] else self._owner(kind, name)
            if owner is not None:
                raise RefusedError(
                    f"its {words(kind)} {name!r} is already registered by {owner.distribution}",
                    f"iz --no-plugin {info.name} …, or without the other",
                )
        for preset in contributed.of(Preset):
            self.presets.check(preset, info)

    def _owner(self, kind: str, name: str) -> PluginInfo | None:
        if kind in ("command", "model"):
            named = self._commands if kind == "command" else self._models
            return named[name][1] if name in named else None
        return next((r.plugin for key, r in self._backends.items() if key == (kind, name)), None)

    # --- looking up ------------------------------------------------------------------------------

    def backends(self, kind: Kind) -> list[Registered]:
        """Return all backends of a kind, sorted by name."""
        return sorted(
            (found for (k, _), found in self._backends.items() if k == kind), key=lambda r: r.backend.name
        )

    def registrations(self, registration: type[R]) -> list[tuple[R, PluginInfo]]:
        """Return what is registered with records of this type, sorted by name, and where it comes from."""
        found = self.backends(kind_registered_by(registration))
        return [(r.backend, r.plugin) for r in found if isinstance(r.backend, registration)]

    def registration(self, registration: type[R], name: str) -> R:
        """Return what is registered under a name with a record of this type; for errors see :meth:`find`."""
        backend = self.find(kind_registered_by(registration), name).backend
        assert isinstance(backend, registration)
        return backend

    def find(self, kind: Kind, name: str) -> Registered:
        """Return the backend of that kind and name; the error names what is near and what failed."""
        found = self._backends.get((kind, name))
        if found is None:
            known = (each.backend.name for each in self.backends(kind))
            hint = hint_for_unknown(kind, name, known, self.plugins)
            raise UnknownNameError(f"There is no {words(kind)} named {name!r}.", hint=hint)
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
        if option := members_option(backend):
            raw[option] = choose_members(self, raw.get(option, ()), where=f"{key}.{option}")
        validated = convert_options(backend.options, {**backend.defaults, **raw}, where=key)
        refuse_secrets(raw, where=key)
        return BackendChoice(name=name, options=msgspec.to_builtins(validated))

    def choose_model(self, named: object, *, where: str) -> BackendChoice:
        """Turn what an option says about a model, ``name:MODEL`` or a table with a name, into a choice."""
        spec, options = name_and_options(named)
        if not spec:
            raise ConfigError(
                f"{where}: a model's name is wanted, not {named!r}.",
                hint=f'Write {where} = "SCORER:MODEL", or a table of name and options.',
            )
        with telling_where(where):
            return self.choose("scorer", spec, options)

    def task_format(self, suffix: str) -> Registered | None:
        """Return the task backend that reads files with this suffix (``"/"`` for folders), if any."""
        for task, _ in self.registrations(TaskRegistration):
            if suffix.lower() in task.paths:
                return self.find("task", task.name)
        return None

    def build(self, kind: Kind, choice: BackendChoice, context: BackendContext) -> Any:
        """Import the chosen backend's factory and call it; failures name the distribution at fault."""
        registered = self.find(kind, choice.name)
        backend, distribution = registered.backend, registered.plugin.distribution
        options = convert_options(backend.options, choice.options, where=registered.key)
        what = f"The {words(kind)} {choice.name!r} of {distribution}"
        if members_option(backend):
            members = {
                name: self.build(
                    kind, member, msgspec.structs.replace(context, ask=asking_for(context.ask, name))
                )
                for name, member in members_of(self, choice).items()
            }
            context = msgspec.structs.replace(context, generators=members)
        function = self.functions.get(kind)
        if function is not None and choice.options.get("function") == function_name(function):
            context = msgspec.structs.replace(context, function=function)
        with blaming(what, backend, distribution):
            made = import_object(backend.factory)(options, context)
        return Guarded(kind, made, what)

    def describe(self, kind: Kind, choice: BackendChoice) -> str:
        """Show a choice in one line: its name, what was asked for, and options that are not the default."""
        registered = self._backends.get((kind, choice.name))
        shown = dict(choice.options)
        if registered is not None:
            if option := members_option(registered.backend):
                members = members_of(self, choice).values()
                shown[option] = " + ".join(self.describe(kind, member) for member in members)
            shown = changed_options(registered.backend, shown)
        text = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{choice.name} ({text})" if text else choice.name

    def commands(self) -> list[CommandRegistration]:
        """Return the sub-commands of ``iz`` that plugins register, sorted by name."""
        return [self._commands[name][0] for name in sorted(self._commands)]

    def has_command(self, name: str) -> bool:
        """Whether a plugin registers this sub-command of ``iz``."""
        return name in self._commands

    def import_command(self, name: str) -> object:
        """Import a plugin's sub-command of ``iz``; failures name the distribution at fault."""
        command, plugin = self._commands[name]
        with blaming(f"The command {name!r} of {plugin.distribution}", command, plugin.distribution):
            return import_object(command.app)

    def import_function(self, command: str) -> Callable[..., Any] | None:
        """Import the Python function that goes with a plugin's sub-command of ``iz``; None without one."""
        if command not in self._commands or not self._commands[command][0].function:
            return None
        registered, plugin = self._commands[command]
        with blaming(
            f"The function of {command!r} of {plugin.distribution}", registered, plugin.distribution
        ):
            return import_object(registered.function)

    def models(self) -> list[Model]:
        """Return the models that can be pulled, sorted by name."""
        return [self._models[name][0] for name in sorted(self._models)]

    def contributions(self, plugin: PluginInfo) -> Contributions:
        """Return what a plugin registered; nothing if it did not load."""
        return self._contributions[plugin.name] if plugin.status == "loaded" else Contributions()


def discover(blocked: Iterable[str] = (), *, trace: bool = False) -> Registry:
    """Load installed plugins, but for those blocked here or in ``IZ_NO_PLUGINS``.

    With ``IZ_PLUGINS`` set, only the plugins named there load. Both hold comma-separated names. ``trace``
    shows every call of a plugin's hook on standard error.
    """
    choice = PluginChoice(
        blocked=(*blocked, *(environment_choice(BLOCKED_VARIABLE) or ())),
        only=environment_choice(ONLY_VARIABLE),
    )
    return Registry.discover(choice, tracer=Tracer.on_standard_error() if trace else None)
