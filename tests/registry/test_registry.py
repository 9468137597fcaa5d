"""Plugins: found by entry point, isolated when they fail, named when they are at fault."""

import os
import subprocess
from pathlib import Path

import pytest
from support import iz_command

from izcore.config.layers import build_config
from izcore.config.schema import RunConfig
from izcore.plugin.errors import BackendUnavailableError, ConfigError, UnknownNameError
from izcore.plugin.registrations import BackendContext
from izcore.registry.registry import Registry

HOOKED = "from izcore.plugin import hookimpl\nIZCORE_API = 1\n@hookimpl\n"
GOOD = """
from izcore.plugin import ScorerRegistration, hookimpl
IZCORE_API = 1
@hookimpl
def izcore_scorers():
    return [ScorerRegistration(name={name!r}, summary="", factory="izcore_toy.backends:Obedient")]
"""


def found(registry: Registry, name: str):  # type: ignore[no-untyped-def]
    return next(plugin for plugin in registry.plugins if plugin.name == name)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_anywhere\n", "no_such_module_anywhere"),
        ("1 / 0\n", "ZeroDivisionError"),
        ("raise SystemExit('leave me alone')\n", "leave me alone"),
        ("IZCORE_API = 99\n", "API 99"),
        ("x = 1\n", "does not say"),
        (HOOKED + "def izcore_scorerz(): return []\n", "izcore_scorerz"),
        ("IZCORE_API = 1\ndef izcore_scorers(): return []\n", "@hookimpl"),
        (HOOKED + "def izcore_scorers(extra): return []\n", "extra"),
        (HOOKED + "def izcore_scorers(): return ['x']\n", "str"),
        (HOOKED + "def izcore_scorers(): return 3\n", "int"),
        (HOOKED + "def izcore_scorers(): 1 / 0\n", "ZeroDivisionError"),
        (GOOD.format(name="obedient"), "izcore-toy"),
    ],
)
def test_a_bad_plugin_is_named_and_the_rest_works(install, source: str, reason: str) -> None:  # type: ignore[no-untyped-def]
    install("zz-bad", source)
    install("zz-good", GOOD.format(name="good"))
    registry = Registry.discover()
    bad = found(registry, "zz-bad")
    assert bad.status == "failed"
    assert bad.distribution == "zz-bad"
    assert reason in bad.reason
    assert registry.find("scorer", "good").plugin.distribution == "zz-good"
    assert registry.find("scorer", "obedient").plugin.distribution == "izcore-toy"
    with pytest.raises(UnknownNameError, match="zz-bad"):
        registry.find("scorer", "what-it-would-have-had")


def test_of_two_plugins_with_one_name_the_first_wins_and_both_are_named(install) -> None:  # type: ignore[no-untyped-def]
    install("zz-one", GOOD.format(name="same"))
    install("zz-two", GOOD.format(name="same"))
    registry = Registry.discover()
    assert registry.find("scorer", "same").plugin.distribution == "zz-one"
    assert "zz-one" in found(registry, "zz-two").reason


def test_presets_of_plugins_merge_and_their_conflicts_are_named(install) -> None:  # type: ignore[no-untyped-def]
    preset = """
    from izcore.plugin import Preset, hookimpl
    IZCORE_API = 1
    @hookimpl
    def izcore_presets():
        return [Preset(name="quick", summary="s", settings={{"search": {{"{key}": {value}}}}})]
    """
    install("zz-a", preset.format(key="batch", value=7))
    install("zz-b", preset.format(key="rounds", value=9))
    install("zz-c", preset.format(key="rounds", value=1))
    registry = Registry.discover()
    parts = registry.presets.settings("quick")
    assert {"search": {"batch": 7}} in parts
    assert {"search": {"rounds": 9}} in parts
    assert "search.rounds" in found(registry, "zz-c").reason
    assert "zz-b" in found(registry, "zz-c").reason


EXTENDING = """
from izcore.plugin import Preset, hookimpl
IZCORE_API = 1
@hookimpl
def izcore_presets():
    return [Preset(name="{name}", summary="s", settings={{"search": {{"rounds": 9}}}}, extends="{base}")]
"""


def test_a_preset_extends_another_of_any_plugin(install) -> None:  # type: ignore[no-untyped-def]
    install("zz-a", EXTENDING.format(name="longer", base="quick"))
    install("zz-b", EXTENDING.format(name="longest", base="longer"))
    registry = Registry.discover()
    inherited = registry.presets.settings("quick")
    assert registry.presets.settings("longest") == [*inherited, *[{"search": {"rounds": 9}}] * 2]
    chosen = {"task": "mirror", "generator": "phrases", "scorer": "obedient", "preset": "longest"}
    config = build_config(registry, [chosen], RunConfig)
    quick = build_config(registry, [chosen | {"preset": "quick"}], RunConfig)
    assert config.search.rounds == 9
    assert (config.search.batch, config.splits) == (quick.search.batch, quick.splits)


def test_presets_that_extend_in_a_circle_or_nothing_at_all_are_named(install) -> None:  # type: ignore[no-untyped-def]
    install("zz-a", EXTENDING.format(name="hen", base="egg"))
    install("zz-b", EXTENDING.format(name="egg", base="hen"))
    install("zz-c", EXTENDING.format(name="orphan", base="quickk"))
    registry = Registry.discover()
    with pytest.raises(ConfigError, match=r"'hen', 'egg'.*circle"):
        registry.presets.settings("hen")
    with pytest.raises(UnknownNameError, match=r"'quickk'.*'orphan'") as caught:
        registry.presets.settings("orphan")
    assert "quick" in caught.value.hint


def test_a_blocked_plugin_is_not_even_imported(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    trace = tmp_path / "imported"
    site = install("zz-tracing", f"open({str(trace)!r}, 'w').close()\n" + GOOD.format(name="traced"))
    environment = {**os.environ, "PYTHONPATH": str(site)}
    for blocking, extra in (
        (("--no-plugin", "zz-tracing"), {}),
        ((), {"IZ_NO_PLUGINS": "zz-tracing"}),
        ((), {"IZ_PLUGINS": "toy"}),
    ):
        command = iz_command(*blocking, "plugins", "list", "--json")
        listed = subprocess.run(
            command, env={**environment, **extra}, capture_output=True, text=True, check=True
        )
        assert '"blocked"' in listed.stdout
        assert not trace.exists()
    subprocess.run(iz_command("plugins", "list"), env=environment, capture_output=True, check=True)
    assert trace.exists()


def test_a_plugin_that_prints_does_not_spoil_json(install) -> None:  # type: ignore[no-untyped-def]
    site = install("zz-loud", "print('hello from a loud plugin')\n" + GOOD.format(name="loud"))
    environment = {**os.environ, "PYTHONPATH": str(site)}
    listed = subprocess.run(
        iz_command("plugins", "list", "--json"), env=environment, capture_output=True, text=True, check=True
    )
    assert listed.stdout.startswith("{")
    assert "hello from a loud plugin" in listed.stderr


def test_a_backend_whose_package_is_missing_says_what_to_install(install, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    install(
        "zz-lazy",
        """
        from izcore.plugin import ScorerRegistration, hookimpl
        IZCORE_API = 1
        @hookimpl
        def izcore_scorers():
            factory, install = "missing_sdk.core:Scorer", "pip install sdk-2"
            return [ScorerRegistration(name="lazy", summary="", factory=factory, install=install)]
        """,
    )
    registry = Registry.discover()
    context = BackendContext(seed=0, cache_dir=str(tmp_path), data_dir=str(tmp_path))
    with pytest.raises(BackendUnavailableError) as caught:
        registry.build("scorer", registry.choose("scorer", "lazy", {}), context)
    assert "missing_sdk" in caught.value.message
    assert "zz-lazy" in caught.value.message
    assert "pip install sdk-2" in caught.value.hint


def test_doctor_finds_what_does_not_load(install) -> None:  # type: ignore[no-untyped-def]
    site = install("zz-bad", "import no_such_module_anywhere\n")
    process = subprocess.run(
        iz_command("plugins", "doctor", "--json"),
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert "zz-bad" in process.stdout
    assert "no_such_module_anywhere" in process.stdout


def test_the_order_of_installation_does_not_matter(install) -> None:  # type: ignore[no-untyped-def]
    for name in ("zz-c", "zz-a", "zz-b"):
        install(name, GOOD.format(name=name))
    names = [plugin.name for plugin in Registry.discover().plugins]
    assert names[0] == "builtins"
    assert names[1:] == sorted(names[1:])
