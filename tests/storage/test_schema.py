"""Databases that older versions wrote: they open, their runs go on, and equal runs are found again."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

import izcore
from izcore.storage.store import Store

OLD = Path(__file__).with_name("databases")
"""Made by the code of each schema: runs under every evaluation policy, interrupted among their trials."""


@pytest.fixture
def old_database(tmp_path: Path) -> Path:
    path = tmp_path / "runs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript((OLD / "schema_3.sql").read_text(encoding="utf-8"))
    connection.close()
    return path


def test_runs_of_schema_3_go_on_and_end_as_they_would_have(old_database: Path) -> None:
    with Store(old_database) as store:
        records = store.runs()
        interrupted = [record for record in records if record.status == "interrupted"]
        (done,) = (record for record in records if record.status == "done")
    policies = {r.config.evaluation.policy.name: r for r in interrupted if r.config.evaluation.policy}
    assert policies.keys() == {"full", "halving", "racing"}
    for record in interrupted:
        best = izcore.resume(record.id, db=old_database).best
        assert best is not None
        assert best.test is not None
    with Store(old_database) as store:
        # The same run, undisturbed, was finished by the old code.
        assert _scores(store, policies["halving"].id) == _scores(store, done.id)
        assert policies["halving"].config == done.config


def test_a_run_of_schema_3_is_found_by_its_configuration(old_database: Path) -> None:
    with Store(old_database) as store:
        records = store.runs()
        for record in records:
            config = msgspec.json.decode(msgspec.json.encode(record.config), type=type(record.config))
            found = store.find_run(config, record.plan)
            assert found is not None
            assert found.config == record.config


def test_policies_of_schema_3_have_their_own_options_alone(old_database: Path) -> None:
    with Store(old_database) as store:
        chosen = [r.config.evaluation for r in store.runs() if r.status == "interrupted"]
    assert sorted(
        (each.policy.name, dict(each.policy.options), each.finalists) for each in chosen if each.policy
    ) == [
        ("full", {}, 4),
        ("halving", {"first": 1, "reduction": 2.0}, 2),
        ("racing", {"first": 3, "risk": 0.2}, 4),
    ]


def _scores(store: Store, run_id: str) -> list[object]:
    return [(trial.candidate, trial.scores) for trial in store.trials(run_id)]
