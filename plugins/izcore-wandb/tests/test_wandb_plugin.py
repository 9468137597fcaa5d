"""Registration is light, and options explain themselves."""

import subprocess
import sys

import pytest

import izcore
from izcore.plugin import API_VERSION, ConfigError
from izcore_wandb import plugin


def test_registration_imports_no_client() -> None:
    program = (
        "import sys, izcore_wandb.plugin as plugin; plugin.izcore_trackers();"
        "print([name for name in ('wandb', 'pydantic') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
    assert plugin.IZCORE_API == API_VERSION


def test_what_stands_after_the_colon_is_the_project() -> None:
    chosen = izcore.discover().choose("tracker", "wandb:mine", {"mode": "offline"})
    assert chosen.options == {"project": "mine", "entity": "", "mode": "offline", "dir": ""}


@pytest.mark.parametrize("wrong", [{"mode": "sometimes"}, {"api_key": "x"}, {"project": ""}])
def test_wrong_options_are_named(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=rf"trackers\.wandb\.{next(iter(wrong))}"):
        izcore.discover().choose("tracker", "wandb", wrong)


def test_settings_are_on_record_as_text() -> None:
    from izcore_wandb.tracker import plain_settings

    settings = {"seed": 1, "phrases": ("\x9b31m", None), "task": {"name\r": "\x1b[31m [b]"}}
    shown = {"seed": 1, "phrases": ["\\x9b31m", None], "task": {"name\\r": "\\x1b[31m [b]"}}
    assert plain_settings(settings) == shown
