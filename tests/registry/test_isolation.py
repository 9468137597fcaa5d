"""Plugins that misbehave in every way, really installed: the rest works and the culprit's name is said."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support import TOY, Iz, assert_explained, iz_command, result_of, without_times
from support.plugin_folder import Install, install_plugin

import izcore
from izcore.plugin.errors import BackendError

SMALL = (
    *TOY,
    "--preset",
    "uniform-halving",
    "--set",
    "search.initial=6",
    "--set",
    "search.rounds=0",
    "--json",
)
HEAD = "import os, sys, time\nfrom izcore.plugin import *\nIZCORE_API = 1\n"
GOOD = (
    HEAD
    + """
@hookimpl
def izcore_scorers():
    return [ScorerRegistration(name="fine", summary="s", factory="izcore_toy.backends:Obedient")]
"""
)
SCORERS = "@hookimpl\ndef izcore_scorers():\n    "
BACKEND = 'ScorerRegistration(name="b", summary="s", factory="package.module:name"'


def registering(body: str) -> str:
    """A plugin whose hook for scorers has this body."""
    return f"{HEAD}{SCORERS}{body}\n"


class Culprit(NamedTuple):
    """A plugin that must not load, and a part of the reason that is shown."""

    source: str
    reason: str
    entry: str = ""


CULPRITS = {
    # at import
    "raises": Culprit("1 / 0\n", "import failed: ZeroDivisionError"),
    "leaves": Culprit("raise SystemExit('bye')\n", "import failed: SystemExit: bye"),
    "is-cruel": Culprit("class E(BaseException): pass\nraise E('hm')\n", "import failed: E: hm"),
    "misses": Culprit("import no_such_module_anywhere\n", "needs the module no_such_module_anywhere"),
    "has-a-typo": Culprit("def f(:\n", "import failed: SyntaxError"),
    "tells-keys": Culprit(
        "import os\nraise ValueError('bad ' + os.environ['ACME_API_KEY'])\n", "ValueError: bad [key]"
    ),
    # at registration
    "fails-to-register": Culprit(registering("1 / 0"), "registration failed: ZeroDivisionError"),
    "leaves-late": Culprit(registering("sys.exit(0)"), "registration failed: SystemExit"),
    "gives-up-halfway": Culprit(
        registering(f"yield {BACKEND})\n    raise OSError('no more')"),
        "registration failed: OSError: no more",
    ),
    # nonsense
    "gives-nothing": Culprit(registering("return None"), "returned NoneType, not a list"),
    "gives-a-number": Culprit(registering("return 3"), "returned int, not a list"),
    "gives-strings": Culprit(
        registering("return ['x']"), "returned a str where a ScorerRegistration belongs"
    ),
    "gives-a-model": Culprit(
        registering("return [Model(name='m', summary='s', pull='a:b')]"),
        "returned a Model where a ScorerRegistration belongs",
    ),
    "has-no-name": Culprit(
        registering("return [ScorerRegistration(name='', summary='', factory='a:b')]"), "no name"
    ),
    "is-a-number": Culprit(
        registering("return [ScorerRegistration(name=3, summary='s', factory='a:b')]"),
        "name: expected `str`, got `int`",
    ),
    "has-no-path": Culprit(
        registering("return [ScorerRegistration(name='b', summary='s', factory='somewhere')]"),
        "no import path",
    ),
    "has-dict-options": Culprit(registering(f"return [{BACKEND}, options=dict)]"), "no subclass of Options"),
    "has-a-field-of-another-kind": Culprit(
        registering(f"return [{BACKEND}, uses_latents=False)]"), "izcore_scorers failed: Unexpected keyword"
    ),
    "is-of-another-kind": Culprit(
        registering("return [MetricRegistration(name='b', summary='s', factory='a:b')]"),
        "returned a MetricRegistration where a ScorerRegistration belongs",
    ),
    "is-old-and-has-a-field-of-another-kind": Culprit(
        registering("return [Backend(name='b', summary='s', factory='a:b', uses_latents=False)]"),
        "its scorer 'b' sets uses_latents, which is not for a scorer",
    ),
    "commands-with-blanks": Culprit(
        f"{HEAD}@hookimpl\ndef izcore_commands():\n"
        "    return [CommandRegistration(name='go on', summary='s', app='a:b')]\n",
        "its command 'go on': a command is a word",
    ),
    "argues-wrongly": Culprit(
        registering(f"return [{BACKEND}, argument='a')]"), "an option 'a' that it does not have"
    ),
    "is-async": Culprit(f"{HEAD}@hookimpl\nasync def izcore_run_started(event): pass\n", "is async"),
    "wraps": Culprit(
        f"{HEAD}@hookimpl(wrapper=True)\ndef izcore_trial_finished(event): return (yield)\n", "wraps"
    ),
    # another hook API
    "is-from-the-future": Culprit("IZCORE_API = 99\n", "needs hook API 99, this izcore has 1"),
    "is-from-the-past": Culprit("IZCORE_API = 0\n", "needs hook API 0, this izcore has 1"),
    "has-a-version-in-words": Culprit("IZCORE_API = 'one'\n", "'one', which is no whole number"),
    "has-no-version": Culprit("x = 1\n", "does not say which hook API"),
    # conflicts
    "takes-a-backend": Culprit(GOOD.replace("fine", "obedient"), "already registered by izcore-toy"),
    "takes-a-plugin-name": Culprit(GOOD.replace("fine", "b"), "'toy' is taken by izcore-toy", entry="toy"),
    "repeats-itself": Culprit(
        registering(f"return [{BACKEND}), {BACKEND})]"), "'b' is already registered by"
    ),
}
LOUD = (
    GOOD.replace("fine", "loud")
    + """
print("loud at import")
os.write(1, b"loud below Python\\n")
os.system("echo loud process")
@hookimpl
def izcore_presets():
    print("loud at registration")
    return []
"""
)


class Surroundings(NamedTuple):
    """A folder of installed plugins and the environment in which processes find it."""

    site: Path
    environment: dict[str, str]

    def iz(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run iz there."""
        return subprocess.run(
            iz_command(*arguments),
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def started(surroundings: Surroundings, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    """Start iz there and let it run."""
    return subprocess.Popen(
        iz_command(*arguments),
        env={**surroundings.environment, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What starts the tests in the background may have had Ctrl-C ignored.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads yet
    )


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """Surroundings of a test's own."""
    site = tmp_path / "installed"
    site.mkdir()
    return Surroundings(site, {**os.environ, "PYTHONPATH": str(site)})


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Surroundings:
    """All culprits at once, with one plugin that is fine and one that is loud."""
    folder = tmp_path_factory.mktemp("crowd")
    site = folder / "installed"
    site.mkdir()
    for name, culprit in CULPRITS.items():
        install_plugin(site, f"zz-{name}", culprit.source, entry=culprit.entry)
    install_plugin(site, "zz-good", GOOD)
    install_plugin(site, "zz-loud", LOUD)
    broken = site / "zz_torn-1.5.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: zz-torn\nVersion: 1.5\n")
    (broken / "entry_points.txt").write_text("[izcore]\nno equals sign\n")
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "ACME_API_KEY": "acme-0123456789",
        "IZ_DB": str(folder / "runs.sqlite"),
        "IZ_CACHE": str(folder / "cache"),
    }
    return Surroundings(site, environment)


@pytest.fixture(scope="module")
def listed(crowd: Surroundings) -> Iterator[dict[str, Any]]:
    """Every plugin of the crowd by its distribution, as ``iz plugins list --json`` says it."""
    process = crowd.iz("plugins", "list", "--json")
    plugins = {plugin["distribution"]: plugin for plugin in result_of(process)["plugins"]}
    return plugins


@pytest.mark.parametrize("name", CULPRITS)
def test_a_culprit_is_left_out_and_named_with_the_reason_and_a_fix(listed: dict[str, Any], name: str) -> None:
    plugin = listed[f"zz-{name}"]
    assert plugin["status"] == "failed"
    assert CULPRITS[name].reason in plugin["reason"]
    assert plugin["fix"]
    assert plugin["backends"] == []


@pytest.mark.parametrize("distribution", ["izcore", "izcore-toy", "zz-good", "zz-loud"])
def test_the_others_load(listed: dict[str, Any], distribution: str) -> None:
    assert listed[distribution]["status"] == "loaded"
    assert listed[distribution]["backends"]


def test_a_run_among_culprits_is_the_run_without_them(crowd: Surroundings, iz: Iz) -> None:
    small = ("optimize", "mirror", *SMALL)
    among = crowd.iz(*small)
    assert without_times(result_of(among)) == without_times(result_of(iz(*small)))
    for name, culprit in CULPRITS.items():
        said = f"the plugin {culprit.entry or f'zz-{name}'} of zz-{name} did not load: "
        assert among.stderr.count(said) == 1, name
    for sound in ("at import", "below Python", "process", "at registration"):
        assert f"loud {sound}" in among.stderr
    assert "zz-torn" in among.stderr
    assert "acme-0123456789" not in among.stderr
    assert "Traceback" not in among.stderr


def test_asking_for_what_a_culprit_would_have_had_names_it(crowd: Surroundings) -> None:
    process = crowd.iz("score", "mirror", "--instruction", "x", "--scorer", "b")
    assert_explained(process, "no scorer named 'b'", "zz-fails-to-register did not load", code=2)


def test_doctor_and_show_name_a_culprit_and_its_fix(crowd: Surroundings) -> None:
    chosen = {"IZ_PLUGINS": "zz-raises,zz-good"}
    doctor = crowd.iz("plugins", "doctor", "--json", **chosen)
    assert doctor.returncode == 1
    (finding,) = json.loads(doctor.stdout)["findings"]
    assert (finding["what"], finding["from"]) == ("plugin zz-raises", "zz-raises")
    assert finding["fix"] == "pip install -U zz-raises"
    shown = crowd.iz("plugins", "show", "zz-raises", **chosen)
    assert shown.returncode == 0
    assert "ZeroDivisionError" in shown.stdout
    assert "zz-raises 1.5" in shown.stdout


def test_two_plugins_that_conflict_are_told_apart_by_leaving_one_out(surroundings: Surroundings) -> None:
    for name in ("zz-one", "zz-two"):
        install_plugin(surroundings.site, name, GOOD)
    for blocked, owner in (("zz_one", "zz-two"), ("zz-two", "zz-one")):
        shown = surroundings.iz("--no-plugin", blocked, "plugins", "show", "fine", "--json")
        assert [backend["distribution"] for backend in result_of(shown)["backends"]] == [owner]


# --- blocking --------------------------------------------------------------------------------------

SLOW = {
    "zz-sleeps-at-import": "import time\ntime.sleep(600)\n",
    "zz-spins-at-import": "while True:\n    try:\n        x = 1\n    except Exception:\n        pass\n",
    "zz-sleeps-in-a-hook": registering("time.sleep(600)"),
    "zz-yields-for-ever": registering("import itertools\n    for _ in itertools.count(): yield None"),
}


def test_plugins_that_block_are_left_out_after_a_while(surroundings: Surroundings) -> None:
    for name, source in SLOW.items():
        install_plugin(surroundings.site, name, source)
    install_plugin(surroundings.site, "zz-good", GOOD)
    chosen = {"IZ_PLUGINS": ",".join([*SLOW, "zz-good"]), "IZ_PLUGIN_TIMEOUT": "1"}
    process = surroundings.iz("plugins", "list", "--json", **chosen)
    plugins = {plugin["name"]: plugin for plugin in result_of(process)["plugins"]}
    for name in SLOW:
        assert "took longer than 1 s" in plugins[name]["reason"]
        assert f"--no-plugin {name}" in plugins[name]["fix"]
    assert plugins["zz-good"]["status"] == "loaded"


def test_what_cannot_be_interrupted_is_named_while_it_blocks(surroundings: Surroundings) -> None:
    # Catches everything, as code that is not Python would not notice a signal at all.
    stubborn = (
        "import time\nend = time.time() + 3\nwhile time.time() < end:\n"
        "    try: time.sleep(3)\n    except BaseException: pass\n"
    )
    install_plugin(surroundings.site, "zz-stubborn", stubborn + GOOD)
    process = surroundings.iz("plugins", "list", IZ_PLUGIN_TIMEOUT="0.5")
    assert process.returncode == 0
    assert "import of the plugin zz-stubborn of zz-stubborn has taken 0.5 s" in process.stderr
    assert "--no-plugin zz-stubborn" in process.stderr


def test_ctrl_c_while_a_plugin_blocks_names_it(surroundings: Surroundings, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    source = f"import time\nopen({str(begun)!r}, 'w').close()\ntime.sleep(600)\n"
    install_plugin(surroundings.site, "zz-sleeps", source)
    process = started(surroundings, "plugins", "list", IZ_PLUGIN_TIMEOUT="0")
    for _ in range(600):
        if begun.exists():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "zz-sleeps of zz-sleeps" in stderr
    assert "Traceback" not in stderr


def test_a_plugin_that_ends_the_process_is_the_last_that_the_trace_names(surroundings: Surroundings) -> None:
    install_plugin(surroundings.site, "zz-exits", "import os\nos._exit(7)\n")
    process = surroundings.iz("plugins", "list", IZ_TRACE_PLUGINS="1")
    assert process.returncode == 7
    assert "importing zz_exits of zz-exits" in process.stderr.splitlines()[-1]


def test_a_wrong_time_limit_is_explained(iz: Iz) -> None:
    assert_explained(
        iz("plugins", "list", env={"IZ_PLUGIN_TIMEOUT": "soon"}), "IZ_PLUGIN_TIMEOUT", "'soon'", code=2
    )


# --- observers -------------------------------------------------------------------------------------

OBSERVING = f"{HEAD}@hookimpl\ndef izcore_trial_finished(event):\n    "


def test_observers_that_misbehave_do_not_touch_the_run(
    surroundings: Surroundings, iz: Iz, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    for name, body in {
        "zz-raises": "1 / 0",
        "zz-leaves": "sys.exit(3)",
        "zz-sleeps": "time.sleep(600)",
        "zz-prints": "print('an observer prints'); os.write(1, b'and again')",
        "zz-notes": f"time.sleep(0.01); open({str(seen)!r}, 'a').write(f'{{event.trial.index}} ')",
    }.items():
        install_plugin(surroundings.site, name, OBSERVING + body + "\n")
    install_plugin(
        surroundings.site,
        "zz-stuck",
        f"{HEAD}class Stuck(Tracker):\n"
        "    def __init__(self, options, context): pass\n"
        "    def close(self): time.sleep(600)\n"
        "@hookimpl\ndef izcore_trackers():\n"
        "    return [TrackerRegistration(name='stuck', summary='s', factory='zz_stuck:Stuck')]\n",
    )
    small = ("optimize", "mirror", *SMALL, "--no-cache")
    process = surroundings.iz(*small, "--tracker", "stuck", IZ_PLUGIN_TIMEOUT="1.5")
    assert without_times(result_of(process)) == without_times(result_of(iz(*small)))
    assert seen.read_text().split() == [str(index) for index in range(6)]
    assert process.stderr.count("observer 'zz-raises' of zz-raises failed (ZeroDivisionError") == 1
    assert process.stderr.count("observer 'zz-leaves' of zz-leaves failed (SystemExit: 3)") == 1
    assert process.stderr.count("observer 'zz-sleeps' of zz-sleeps has been busy") == 1
    assert process.stderr.count("observer 'tracker stuck' of zz-stuck has been busy") == 1
    assert "an observer prints" in process.stderr


def test_ctrl_c_leaves_an_observer_that_keeps_a_finished_run_waiting(surroundings: Surroundings) -> None:
    install_plugin(surroundings.site, "zz-sleeps", f"{OBSERVING}time.sleep(600)\n")
    process = started(surroundings, "optimize", "mirror", *SMALL, IZ_PLUGIN_TIMEOUT="0")
    assert process.stderr is not None
    for line in process.stderr:
        if "Waiting for the observer 'zz-sleeps' of zz-sleeps" in line:
            process.send_signal(signal.SIGINT)
            break
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(stdout)["status"] == "done"


# --- backends --------------------------------------------------------------------------------------

NONSENSE = {
    ("scorer", "info"): "def info(self): return {'model': 'x'}",
    ("scorer", "bound"): "def bound(self, prompt): return 3",
    ("scorer", "complete"): "async def complete(self, request): return None",
    ("scorer", "completions"): (
        "async def complete(self, request):\n"
        "        return CompletionResult(completions=tuple(p.text for p in request.prompts))"
    ),
    ("generator", "pool_size"): "def pool_size(self): return 'many'",
    ("generator", "prepare"): "def prepare(self, request): 1 / 0",
    ("generator", "generate"): "def generate(self, request): sys.exit(0)",
    ("surrogate", "suggest"): "def suggest(self, request): return SuggestResult(latents=('a', 'b'))",
    ("task", "load"): "def load(self, request): return [('a', 'b')]",
    (
        "metric",
        "score",
    ): "def score(self, request): return MetricResult(scores=('high',) * len(request.answers))",
    ("scorer", "count"): "async def complete(self, request): return CompletionResult(completions=())",
    ("metric", "count"): "def score(self, request): return MetricResult(scores=())",
    ("metric", "range"): (
        "def score(self, request): return MetricResult(scores=(1.5,) * len(request.answers))"
    ),
    ("surrogate", "count"): "def suggest(self, request): return SuggestResult(latents=())",
    ("surrogate", "length"): (
        "def suggest(self, request): return SuggestResult(latents=((0.5,) * 99,) * request.count)"
    ),
    ("generator", "count"): "def generate(self, request): return GenerateResult(candidates=())",
    ("metric", "factory"): "def __new__(cls, *a): return 7",
    ("surrogate", "factory"): "def __init__(self, *a): sys.exit(0)",
}
BASES = {
    "scorer": "Obedient",
    "generator": "Phrases",
    "surrogate": "Lattice",
    "task": "Mirror",
    "metric": "SameLetters",
}


@pytest.mark.parametrize(("kind", "what"), NONSENSE)
def test_a_backend_that_talks_nonsense_is_named(
    install: Install, kind: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IZ_PLUGINS", "toy,zz-nonsense")
    base = BASES[kind]
    options = {"Obedient": "ObedientOptions", "Phrases": "PhrasesOptions", "Mirror": "MirrorOptions"}.get(
        base
    )
    install(
        "zz-nonsense",
        f"{HEAD}from izcore_toy import backends, plugin\n"
        f"class Odd(backends.{base}):\n    {NONSENSE[kind, what]}\n"
        f"@hookimpl\ndef izcore_{kind}s():\n"
        f"    return [{kind.capitalize()}Registration(name='odd', summary='s', factory='zz_nonsense:Odd'"
        f"{f', options=plugin.{options}' if options else ''})]\n",
    )
    chosen = {"task": "mirror", "generator": "phrases", "scorer": "obedient", "surrogate": "lattice"}
    settings = {"search": {"initial": 3, "rounds": 0}}
    with pytest.raises(BackendError) as caught:
        izcore.optimize(**{**chosen, kind: "odd"}, settings=settings)
    assert f"The {kind} 'odd' of zz-nonsense" in caught.value.message
    assert caught.value.exit_code == 1


def test_a_backend_that_prints_does_not_spoil_json(surroundings: Surroundings) -> None:
    install_plugin(
        surroundings.site,
        "zz-chatty",
        f"{HEAD}from izcore_toy import backends\n"
        "class Chatty(backends.SameLetters):\n"
        "    def score(self, request):\n"
        "        print('metric at work'); os.system('echo a process of it')\n"
        "        return super().score(request)\n"
        "@hookimpl\ndef izcore_metrics():\n"
        "    return [MetricRegistration(name='chatty', summary='s', factory='zz_chatty:Chatty')]\n",
    )
    process = surroundings.iz(
        "score", "mirror", "--instruction", "x", "--scorer", "obedient", "--metric", "chatty", "--json"
    )
    assert result_of(process)["task"] == "mirror"
    assert "metric at work" in process.stderr
    assert "a process of it" in process.stderr
