"""A prompt becomes a version in a real MLflow registry, and comes back as it was measured."""

from pathlib import Path

import mlflow
import msgspec
import pytest

import izcore
from izcore.engine.export import export_run
from izcore.testing.sample_run import sample_run


def exported(run: izcore.Run, uri: str, **options: str) -> str:
    chosen = {"tracking_uri": uri, **options}
    registry = izcore.discover()
    return export_run(registry, run, format="mlflow-prompt", output=None, options=chosen).strip()


def test_a_prompt_is_registered_once_and_loaded_as_measured(tmp_path: Path) -> None:
    uri, run = f"sqlite:///{tmp_path / 'mlflow.db'}", sample_run("Add s.")
    assert run.result is not None
    assert exported(run, uri) == exported(run, uri) == "prompts:/plurals/1"
    loaded = mlflow.MlflowClient(tracking_uri=uri).load_prompt("prompts:/plurals/1")
    wanted = run.result.render({"the word": "cat", "class": "noun"})
    assert loaded.format(the_word="cat", class_="noun") == wanted
    assert run.id in loaded.commit_message
    later = msgspec.structs.replace(run, id="another")
    assert exported(later, uri) == "prompts:/plurals/2"
    assert exported(later, uri, name="mine") == "prompts:/mine/1"
    with pytest.raises(izcore.UsageError, match="the mark of a field"):
        exported(sample_run("Say {{it}}."), uri)
