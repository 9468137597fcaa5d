"""The comparison's own parts: tasks with disjoint parts, calls counted up to a wall, a table."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from common import read_task, right
from counting_proxy import CountingProxy, app_of
from starlette.testclient import TestClient
from table import table
from tasks import SEALED, SEARCHED, TASKS, write


@pytest.mark.parametrize("name", TASKS)
def test_no_sealed_example_is_searched_with(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    task = read_task(tmp_path, name)
    inputs = {pair.given for pair in (*task.searched, *task.sealed)}
    assert len(inputs) == SEARCHED + SEALED == len(task.searched) + len(task.sealed)
    assert len(task.clauses) == 2
    assert all(text.startswith(task.prompt) for text in task.with_clauses)


def test_answers_are_compared_as_the_metric_does() -> None:
    assert right("**Fish Tank.**", "fish tank")
    assert not right("the fish tank", "fish tank")


class Upstream:
    """Stands in for the model: every answer is the number of the request."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []

    async def __call__(self, body: dict[str, Any]) -> httpx.Response:
        self.bodies.append(body)
        return httpx.Response(200, json={"answer": len(self.bodies)})


def test_a_run_ends_at_its_wall_and_equal_greedy_requests_are_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, upstream = CountingProxy(tmp_path / "answers.jsonl", "http://nowhere", 2), Upstream()
    monkeypatch.setattr(proxy, "_sent", upstream)
    client = TestClient(app_of(proxy))

    def ask(run: str, temperature: float = 0) -> tuple[int, Any]:
        body = {"model": "m", "messages": [{"role": "user", "content": "?"}], "temperature": temperature}
        response = client.post("/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {run}"})
        return response.status_code, response.json().get("answer")

    assert [ask("a/1"), ask("a/1"), ask("a/1")[0]] == [(200, 1), (200, 1), 402]
    assert client.get("/calls/a/1").json() == {"calls": 2, "budget": 2}
    assert [ask("sealed-a/1") for _ in range(3)] == [(200, 1)] * 3
    # What draws is asked anew each time, and the same run done again draws the same.
    assert [ask("b/1", 1), ask("b/1", 1), ask("b/2", 1), ask("b/2", 1)] == [(200, n) for n in (2, 3, 2, 3)]
    kept = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert [json.loads(line)["answer"]["answer"] for line in kept] == [1, 2, 3]


def test_the_table_has_means_over_seeds_and_calls() -> None:
    def record(method: str, seed: int, score: float, calls: int) -> dict[str, Any]:
        return {"task": "t", "method": method, "seed": seed, "score": score, "calls": calls}

    lines = table([record("given", 0, 0.5, 0), record("m", 0, 0.25, 300), record("m", 1, 0.75, 200)])
    assert lines.splitlines()[2:] == [
        "| given | 0.50 | 0.50 |  |  |",
        "| m | 0.50 (0.25 to 0.75) | 0.50 | 2 | 250 |",
    ]
