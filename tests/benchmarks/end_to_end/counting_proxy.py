"""Stands before an OpenAI endpoint and counts the chat calls of each run, up to a wall.

    python tests/benchmarks/end_to_end/counting_proxy.py ANSWERS.jsonl --upstream URL/v1 --budget 300

The API key names the run, so that a method needs to know nothing of it: NAME, or NAME/NUMBER for another
try at the same. A run gets ``--budget`` answers, and 402 from then on; a call that the model refuses is not
counted. Runs whose name begins with ``sealed`` have no wall: with them a finished run's prompt is scored.
``GET /calls/RUN`` says what a run has used.

A request that draws (it does not say temperature 0) gets a seed from the run's name and from how often the
run asked for just this. Answers are kept in ANSWERS.jsonl by the whole request, so that equal greedy
requests have equal answers in all runs, and what stopped can be done again; an answer from there counts
like any other.
"""

import argparse
import asyncio
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CHOOSES_NOTHING = ("user", "stream", "stream_options", "metadata", "n")
"""Fields of a request that do not change a single answer."""

TRIES, BETWEEN_TRIES = 300, 1.0


class CountingProxy:
    """Answers, counts and remembers."""

    def __init__(self, answers: Path, upstream: str, budget: int) -> None:
        self._file = answers
        self._upstream = upstream
        self._budget = budget
        self._calls: Counter[str] = Counter()
        self._asked: Counter[tuple[str, str]] = Counter()
        self._client = httpx.AsyncClient(timeout=600, limits=httpx.Limits(max_connections=64))
        self._answers = _read(answers)

    async def chat(self, request: Request) -> Response:
        """Answer one chat call, or refuse it at the wall."""
        run = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not run.startswith("sealed") and self._calls[run] >= self._budget:
            said = f"The run {run} has used up its {self._budget} calls."
            return JSONResponse({"error": {"message": said, "type": "budget"}}, status_code=402)
        self._calls[run] += 1  # before anything is waited for, so that no two calls take the same place
        status = 0
        try:
            status, answer = await self._answer(self._settled(run, await request.json()))
        finally:
            if status != 200:
                self._calls[run] -= 1
        return JSONResponse(answer, status_code=status)

    async def calls(self, request: Request) -> Response:
        """Say how many calls a run has used."""
        return JSONResponse({"calls": self._calls[request.path_params["run"]], "budget": self._budget})

    async def models(self, request: Request) -> Response:
        """Pass on the list of models, for clients that want to see it first."""
        return JSONResponse((await self._client.get(f"{self._upstream}/models")).json())

    def _settled(self, run: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return a request whose answer no chance decides."""
        body = {key: value for key, value in body.items() if key not in CHOOSES_NOTHING}
        if body.get("temperature") == 0:
            return {key: value for key, value in body.items() if key != "seed"}
        name, text = run.partition("/")[0], json.dumps(body, sort_keys=True)
        self._asked[run, text] += 1
        drawn = hashlib.sha256(f"{name} {self._asked[run, text]} {text}".encode()).digest()
        return {**body, "seed": int.from_bytes(drawn[:4]) // 2}

    async def _answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        key = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        if key in self._answers:
            return 200, self._answers[key]
        response = await self._sent(body)
        answer: dict[str, Any] = response.json()
        if response.status_code == 200:
            answer = self._answers.setdefault(key, answer)
            with self._file.open("a") as file:
                file.write(json.dumps({"key": key, "answer": answer}) + "\n")
        return response.status_code, answer

    async def _sent(self, body: dict[str, Any]) -> httpx.Response:
        """Send a request on; a server that cannot be reached is waited for."""
        for _ in range(TRIES - 1):
            try:
                return await self._client.post(f"{self._upstream}/chat/completions", json=body)
            except httpx.TransportError:
                await asyncio.sleep(BETWEEN_TRIES)
        return await self._client.post(f"{self._upstream}/chat/completions", json=body)


def _read(answers: Path) -> dict[str, dict[str, Any]]:
    """Return the answers on disk, of several to one request the first."""
    found: dict[str, dict[str, Any]] = {}
    for line in answers.read_text().splitlines() if answers.exists() else ():
        record = json.loads(line)
        found.setdefault(record["key"], record["answer"])
    return found


def app_of(proxy: CountingProxy) -> Starlette:
    """Return the server's application."""
    return Starlette(
        routes=[
            Route("/v1/chat/completions", proxy.chat, methods=["POST"]),
            Route("/v1/models", proxy.models),
            Route("/calls/{run:path}", proxy.calls),
        ]
    )


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Count the chat calls of each run.")
    parser.add_argument("answers", type=Path)
    parser.add_argument("--upstream", default="http://127.0.0.1:8100/v1")
    parser.add_argument("--budget", type=int, default=300)
    parser.add_argument("--port", type=int, default=8200)
    given = parser.parse_args()
    proxy = CountingProxy(given.answers, given.upstream, given.budget)
    uvicorn.run(app_of(proxy), host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
