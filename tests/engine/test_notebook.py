"""A notebook shows a run as it goes, below the cell."""

from pathlib import Path

import izcore
from izcore.engine.notebook import NotebookProgress, in_notebook


def test_a_run_is_shown_from_its_first_phase_to_its_test(tmp_path: Path) -> None:
    shown: list[str] = []
    result = izcore.optimize(
        "mirror",
        generator="phrases",
        scorer="obedient",
        surrogate="sobol",
        settings={"search": {"initial": 6, "batch": 3, "rounds": 1}},
        db=tmp_path / "runs.sqlite",
        observers={"cell": NotebookProgress(shown.append)},
    )
    assert "preparing the generator" in "".join(shown)
    last = shown[-1].splitlines()
    assert last[0] == "izcore · mirror"
    assert last[1] == "phase   opening the sealed test split"
    assert last[2] == f"trials  {result.trials} of {result.trials}"
    assert "calls" in last[3]
    assert last[-1].strip() == result.best.instruction


def test_a_script_is_no_notebook() -> None:
    assert not in_notebook()
