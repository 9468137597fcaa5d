"""A call waits longer from try to try, within bounds, or as long as the server says."""

from pathlib import Path

import pytest
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


@pytest.mark.parametrize("seconds", [601.0, 86_400.0, 1e9, 1e300])
def test_a_server_that_asks_for_more_patience_than_there_is_is_tried_as_if_it_had_not(
    tmp_path: Path, seconds: float
) -> None:
    def tomorrow(text: str, attempt: int) -> str:
        if attempt < 4:
            raise TransientScorerError("come back tomorrow", retry_after=seconds)
        return "today"

    bench = Bench(tmp_path, Scripted(tomorrow), Retries(max_total=600.0))
    assert bench.ask("x") == ["today"]
    assert bench.waits == [0.5, 1.0, 2.0]


def test_a_server_that_asks_for_patience_again_and_again_fails_in_the_end(tmp_path: Path) -> None:
    def later(text: str, attempt: int) -> str:
        raise TransientScorerError("in five minutes", retry_after=300.0)

    bench = Bench(tmp_path, Scripted(later), Retries(max_total=700.0))
    assert bench.ask("x") == [None]
    assert bench.waits == [300.0, 300.0]
    assert bench.client.last_failure is not None
    assert "five minutes" in bench.client.last_failure.message
