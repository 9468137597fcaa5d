"""Which generator a run takes where its preset's own cannot work here, as where no model is installed."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from izcore.config.schema import DEFAULT_PRESET, RunConfig
from izcore.plugin.errors import UnknownNameError
from izcore.plugin.registrations import GeneratorRegistration
from izcore.registry.registry import Registry


def stand_in_generator(registry: Registry, preset: str) -> str:
    """Return the generator that stands in for a preset's; empty where that can work, or where none can.

    A preset that sets options of its generator, or does not extend the default one, wants just what it says,
    and nothing stands in for that.
    """
    chosen = _chosen_by(registry, preset)
    as_published = set(chosen) - {"name"} or not registry.presets.extends(preset, DEFAULT_PRESET)
    if as_published or not _lack(registry, chosen):
        return ""
    return next(
        (each.name for each, _ in registry.registrations(GeneratorRegistration) if each.stands_in), ""
    )


def describe_stand_in(registry: Registry, config: RunConfig, model: str) -> tuple[str, ...]:
    """Say in a sentence that the black box, called ``model``, writes too, and why; nothing where it does not.

    That is where a generator stands in, and nobody named another model for it.
    """
    stand_in = stand_in_generator(registry, config.preset)
    if not stand_in or config.generator != registry.choose("generator", stand_in, {}):
        return ()
    why = _lack(registry, _chosen_by(registry, config.preset))
    return (f"{model} writes the instructions, too (generator {stand_in}), since {why}; its calls count.",)


def _chosen_by(registry: Registry, preset: str) -> Mapping[str, Any]:
    """Return what a preset says of its generator, as a table; it is empty where it says nothing."""
    said = [
        settings["generator"] for settings in registry.presets.settings(preset) if "generator" in settings
    ]
    last = said[-1] if said else {}
    return {"name": last} if isinstance(last, str) else last


def _lack(registry: Registry, chosen: Mapping[str, Any]) -> str:
    """Say what a preset's generator lacks here; empty where it lacks nothing."""
    name = str(chosen.get("name") or "").partition(":")[0]
    if not name:
        return "no generator with a model of its own is installed"
    try:
        backend = registry.registration(GeneratorRegistration, name)
    except UnknownNameError:
        return f"the generator {name} is not installed"
    missing = [needed for needed in backend.needs if not _is_installed(needed)]
    return f"{' and '.join(missing)}, which the generator {name} needs, is not installed" if missing else ""


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
