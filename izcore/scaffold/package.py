"""Renders the templates of a kind and puts the files in place, all or none."""

import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from izcore.plugin.errors import UsageError
from izcore.plugin.hookspecs import API_VERSION
from izcore.plugin.kinds import KINDS, Kind
from izcore.scaffold.naming import Names

SHARED = "every_kind"
"""Folder of the templates that all kinds have; each kind has a folder of its own name beside it."""

TEMPLATED_KINDS: tuple[Kind, ...] = tuple(KINDS)
"""Kinds that there are templates of: all."""

DERIVED = ("words", "article", "module", "factory", "examples")
"""Properties of :class:`Names` that templates use beside its fields."""

_SUFFIX = ".jinja"


def render_package(names: Names) -> dict[str, str]:
    """Return the text of every file of a new package, by its path inside the package's folder.

    Paths of templates are templates too: ``{{package}}/plugin.py.jinja``. Raises UsageError where the package
    that reads templates is not installed.
    """
    try:
        import jinja2
    except ImportError:
        raise UsageError(
            "Writing a new plugin needs the package jinja2.", hint="pip install 'izcore[authors]'"
        ) from None
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    values = {
        "api_version": API_VERSION,
        "izcore_requirement": requirement(version("izcore")),
        "try_it": try_it(names),
        "key_variable": f"{names.package.removeprefix('izcore_').upper()}_API_KEY",
        **{name: getattr(names, name) for name in (*names.__struct_fields__, *DERIVED)},
    }
    files = {}
    for path in templates.list_templates(extensions=[_SUFFIX.removeprefix(".")]):
        folder, _, inside = path.partition("/")
        if folder in (SHARED, names.kind):
            target = templates.from_string(inside.removesuffix(_SUFFIX)).render(values)
            files[target] = templates.get_template(path).render(values)
    return dict(sorted(files.items()))


def try_it(names: Names) -> str:
    """Return the command that tries a new backend, on examples or on runs that are there."""
    optimize = f"iz optimize {names.examples} --preset quick"
    match names.kind:
        case "task":
            return optimize
        case "scorer":
            return f"{optimize} --scorer {names.backend}:llama3.2"
        case "evaluation_policy":
            return f"{optimize} --set evaluation.policy={names.backend}"
        case "executor":
            methods = "--methods quick,random --seeds 2 --max-calls 200"
            return f"iz compare {names.examples} {methods} --executor {names.backend}"
        case "exporter":
            return f"iz runs export last --format {names.backend}"
        case "command":
            return f"iz {names.backend}"
        case _:
            return f"{optimize} --{names.kind} {names.backend}"


def requirement(core: str) -> str:
    """Return what a plugin made with this version of the core requires: it, and no breaking one after it.

    Before 1.0 a minor version may break, later a major one.
    """
    lowest = core.partition("+")[0]
    major, minor = (int(part) for part in lowest.split(".")[:2])
    highest = f"0.{minor + 1}" if major == 0 else f"{major + 1}"
    return f"izcore>={lowest},<{highest}"


def write_package(files: Mapping[str, str], target: Path) -> None:
    """Write files below a new folder ``target``, which may exist if it is empty.

    They are written beside it first, so that a failure leaves nothing behind. Raises UsageError.
    """
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent}: there is no such folder.", hint="Make it, or name another.")
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(
            f"{target} exists already, and is not empty.",
            hint="Choose another name, or another folder with --into.",
        )
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as beside:
            written = Path(beside) / target.name
            for path, text in files.items():
                file = written.joinpath(*PurePosixPath(path).parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="\n")
            if target.exists():
                target.rmdir()
            written.rename(target)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from None
