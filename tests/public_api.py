"""Writes down the public API: what plugins, scripts and shells rely on. The result is ``public_api.txt``.

``test_hook_api.py`` compares. After a change that is meant, run in the repository's folder:

    python tests/public_api.py > tests/public_api.txt

and read the difference: a line that went or changed breaks somebody (``docs/compatibility.md``).

``inspect`` and not a static tool, because what counts is made when the code runs: records are keyword-only
and get their fields from msgspec, and the commands are Typer's.
"""

import inspect
import re
import typing
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import msgspec
import typer
from typer.main import get_command

from izcore.cli.app import app
from izcore.plugin import hookspecs

MODULES = ("izcore", "izcore.commands", "izcore.plugin", "izcore.testing", "izcore_compare")
"""Modules whose ``__all__`` is promised: functions, what they take and return, records, errors."""

COMMANDS_OF_BUNDLED_PLUGINS = ("compare",)


def public_api() -> str:
    """Describe all of it, one promise per line."""
    lines: list[str] = []
    for name in MODULES:
        lines += [f"module {name}", *_indented(_module(import_module(name))), ""]
    lines += ["hooks", *_indented(_hooks()), "", "commands", *_indented(_commands(_command_line(), "iz"))]
    return "\n".join(lines) + "\n"


def _command_line() -> Any:
    root: Any = get_command(app)
    for name in COMMANDS_OF_BUNDLED_PLUGINS:
        root.add_command(root.get_command(typer.Context(root), name), name)
    return root


def _module(module: ModuleType) -> Iterator[str]:
    for name in sorted(module.__all__):
        value = getattr(module, name)
        if getattr(value, "__module__", "").partition(".")[0] not in ("izcore", "izcore_compare"):
            yield f"{name}: {value!r}" if isinstance(value, str | int) else name
        elif isinstance(value, type):
            yield from _class(name, value)
        else:
            yield f"def {name}{_signature(value)}"


def _class(name: str, cls: type) -> Iterator[str]:
    bases = ", ".join(base.__name__ for base in cls.__bases__)
    yield f"class {name}({bases})"
    if issubclass(cls, msgspec.Struct):
        yield from _indented(_fields(cls))
    elif typing.is_typeddict(cls):
        yield from (f"    {key}: {_type(hint)}" for key, hint in cls.__annotations__.items())
    elif "__init__" in vars(cls):
        yield f"    __init__{_signature(vars(cls)['__init__'])}"
    for member, value in sorted(vars(cls).items()):
        if member.startswith("_"):
            continue
        if isinstance(value, property):
            assert value.fget is not None
            yield f"    property {member}{_signature(value.fget)}"
        elif inspect.isfunction(value):
            prefix = "async def" if inspect.iscoroutinefunction(value) else "def"
            yield f"    {prefix} {member}{_signature(value)}"
        elif issubclass(cls, Exception):
            yield f"    {member} = {value!r}"


def _fields(record: type[msgspec.Struct]) -> Iterator[str]:
    classes = reversed(record.__mro__)
    hints = {key: hint for cls in classes for key, hint in inspect.get_annotations(cls).items()}
    for field in msgspec.structs.fields(record):
        default = "" if field.required else f" = {field.default!r}"
        if field.default_factory is not msgspec.NODEFAULT:
            default = f" = {field.default_factory()!r}"
        yield f"{field.name}: {_type(hints[field.name])}{default}"


def _hooks() -> Iterator[str]:
    yield f"API_VERSION = {hookspecs.API_VERSION}, OLDEST_API_VERSION = {hookspecs.OLDEST_API_VERSION}"
    for name, hook in sorted(vars(hookspecs).items()):
        if name.startswith("izcore_"):
            yield f"{name}{_signature(hook)}"


def _commands(command: Any, path: str) -> Iterator[str]:
    yield path
    yield from _indented(map(_parameter, command.params))
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(inner, f"{path} {name}")


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        optional = "" if parameter.required else " (optional)"
        return f"{parameter.metavar or parameter.name.upper()}{optional}"
    required = " (required)" if parameter.required else ""
    value = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    repeated = " (repeatable)" if parameter.multiple else ""
    return f"{'/'.join((*parameter.opts, *parameter.secondary_opts))}{value}{required}{repeated}"


def _signature(function: Any) -> str:
    signature = inspect.signature(function)
    unpacked = re.sub(r"\*<class '([\w.]+)'>", r"Unpack[\1]", str(signature))
    return _without_modules(unpacked)


def _type(annotation: Any) -> str:
    return _without_modules(inspect.formatannotation(annotation))


def _without_modules(text: str) -> str:
    return re.sub(r"\b(izcore(?:_\w+)?\.[\w.]+|collections\.abc|typing|pathlib|msgspec)\.(?=\w)", "", text)


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


if __name__ == "__main__":
    print(public_api(), end="")
