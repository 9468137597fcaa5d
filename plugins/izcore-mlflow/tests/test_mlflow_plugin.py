"""Registration is light, and options explain themselves and hold no password."""

import subprocess
import sys

import pytest

import izcore
from izcore.plugin import API_VERSION, ConfigError
from izcore_mlflow import plugin


def test_registration_imports_no_client() -> None:
    program = (
        "import sys, izcore_mlflow.plugin as plugin; plugin.izcore_trackers();"
        "print([name for name in ('mlflow', 'sqlalchemy', 'pydantic') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
    assert plugin.IZCORE_API == API_VERSION


@pytest.mark.parametrize(
    "uri", ["https://me:secret@board.example", "postgresql+psycopg2://me:secret@db.example/runs"]
)
def test_a_password_in_the_uri_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"trackers\.mlflow.*MLFLOW_TRACKING_PASSWORD") as caught:
        izcore.discover().choose("tracker", f"mlflow:{uri}", {})
    assert "secret" not in str(caught.value)


def test_what_stands_after_the_colon_is_the_uri() -> None:
    chosen = izcore.discover().choose("tracker", "mlflow:sqlite:///runs.db", {"experiment": "mine"})
    assert chosen.options == {"tracking_uri": "sqlite:///runs.db", "experiment": "mine"}


def test_settings_are_on_record_as_text() -> None:
    from izcore_mlflow.tracker import flattened

    settings = {"generator": {"phrases": ["\x9b31m"]}, "template": "\x1b]8;;x\x1b\\ [b]"}
    assert dict(flattened(settings)) == {
        "generator.phrases": '["\\x9b31m"]',
        "template": "\\x1b]8;;x\\x1b\\ [b]",
    }
