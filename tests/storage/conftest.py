"""A database that several tests read, copy and damage copies of."""

from pathlib import Path

import pytest

import izcore

SETTINGS = {"splits": {"test": 5}, "search": {"initial": 4, "batch": 2, "rounds": 1}}


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two finished runs, which nobody changes."""
    database = tmp_path_factory.mktemp("two") / "runs.sqlite"
    for seed in (1, 2):
        izcore.optimize(
            "mirror",
            generator="phrases",
            scorer="obedient",
            surrogate="sobol",
            db=database,
            seed=seed,
            settings=SETTINGS,
        )
    return database
