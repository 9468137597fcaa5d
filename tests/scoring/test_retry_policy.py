"""A call waits longer from try to try, within bounds, or as long as the server says."""

from pathlib import Path

from support.scripted_model import Bench, Scripted

from izcore.config.schema import Retries
from izcore.plugin.errors import TransientScorerError


def test_waits_grow_and_are_bounded_and_the_server_is_obeyed(tmp_path: Path) -> None:
    def overloaded(text: str, attempt: int) -> str:
        if attempt == 3:
            raise TransientScorerError("wait", retry_after=17.0)
        if attempt < 8:
            raise TransientScorerError("overloaded")
        return "at last"

    bench = Bench(tmp_path, Scripted(overloaded), Retries(tries=9, max_wait=10.0))
    assert bench.ask("x") == ["at last"]
    assert bench.waits == [0.5, 1.0, 17.0, 4.0, 5.0, 5.0, 5.0]


def test_a_server_that_asks_for_more_patience_than_there_is_gets_no_wait(tmp_path: Path) -> None:
    def tomorrow(text: str, attempt: int) -> str:
        raise TransientScorerError("come back tomorrow", retry_after=86_400.0)

    bench = Bench(tmp_path, Scripted(tomorrow), Retries(max_total=600.0))
    assert bench.ask("x") == [None]
    assert bench.waits == []
    assert bench.client.last_failure is not None
    assert "tomorrow" in bench.client.last_failure.message
