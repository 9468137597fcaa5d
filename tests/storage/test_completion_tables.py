"""The tables of completions answer for any number of prompts at once."""

from pathlib import Path

from izcore.plugin.calls import Completion, Usage
from izcore.storage.store import Store

MANY = 40_000
"""More than SQLite allows a query to have parameters."""


def test_more_prompts_than_a_query_may_have_parameters(tmp_path: Path) -> None:
    keys = [f"key {number}" for number in range(MANY)]
    paid = {key: Completion(text="answer", usage=Usage()) for key in keys[:3]}
    with Store(tmp_path / "runs.sqlite") as store:
        store.add_paid("r", paid, [0.0] * 3, created=0.0)
        assert store.cached(keys) == paid
        assert store.answers("r", keys).keys() == paid.keys()
        assert store.answers("another", keys) == {}
        assert store.cached([]) == {}
