"""The live pages: a list of runs, runs, comparisons and two runs side by side, read from the database."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

import izcore
from izcore.plugin import IzError, UnknownNameError
from izcore_web.pages import comparison_page, list_page, message_page, run_page, two_page

LOOK_SECONDS = 0.7
"""So often the database's files are looked at."""

TICK_SECONDS = 10.0
"""So often a page is told to look anyway: a run that was killed leaves no trace in the database."""

KEPT_PAGES = 32


class Pages:
    """Makes pages of a database. Those of finished runs are kept, since they do not change any more."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self._made: dict[tuple[str, float], str] = {}
        # matplotlib's settings are the process's.
        self._drawing = threading.Lock()

    def runs(self) -> str:
        """Return the list."""
        with izcore.Reader(self.db) as reader:
            runs = reader.summaries()
            at_work = {run.id: reader.progress(run.id) for run in runs if run.status == "running"}
            comparisons = reader.comparisons()
        return list_page(runs, at_work, comparisons, live=_frame())

    def run(self, run_id: str) -> str:
        """Return the page of a run."""
        with izcore.Reader(self.db) as reader:
            run = reader.run(run_id)
        key = (run.id, run.seconds)
        with self._drawing:
            page = self._made.get(key) or run_page(run, live=_frame())
        if run.status == "done":
            self._made[key] = page
            for old in list(self._made)[:-KEPT_PAGES]:
                del self._made[old]
        return page

    def comparison(self, name: str) -> str:
        """Return the page of a comparison."""
        with izcore.Reader(self.db) as reader:
            record = reader.comparison(name)
            runs = runs_of(reader, record)
        with self._drawing:
            return comparison_page(record, runs, live=_frame())

    def two(self, first: str, second: str) -> str:
        """Return two runs side by side."""
        with izcore.Reader(self.db) as reader:
            return two_page(reader.run(first), reader.run(second), live=_frame())

    def stamp(self) -> tuple[int, ...]:
        """Return what is different when somebody wrote into the database."""
        files = [Path(f"{self.db}{ending}") for ending in ("", "-wal")]
        found = [file.stat() for file in files if file.exists()]
        return tuple(number for each in found for number in (each.st_mtime_ns, each.st_size))


def runs_of(reader: izcore.Reader, record: izcore.ComparisonRecord) -> dict[str, list[izcore.Run]]:
    """Return the runs of a comparison by method, but for those that were deleted since."""
    there = {run.id for run in reader.summaries() if run.status != "damaged"}
    return {name: [reader.run(each) for each in ids if each in there] for name, ids in record.runs.items()}


def application(db: Path) -> Starlette:
    """Return the pages of a database as an application, which lets everybody in; see izcore_web.access."""
    pages = Pages(db)

    async def runs(request: Request) -> Response:
        return await _page(pages.runs)

    async def run(request: Request) -> Response:
        return await _page(lambda: pages.run(request.path_params["name"]))

    async def comparison(request: Request) -> Response:
        return await _page(lambda: pages.comparison(request.path_params["name"]))

    async def two(request: Request) -> Response:
        chosen = request.query_params.getlist("run")
        if len(chosen) != 2:
            return RedirectResponse("/", 303)
        return await _page(lambda: pages.two(*chosen))

    async def events(request: Request) -> Response:
        return StreamingResponse(_changes(pages), media_type="text/event-stream")

    return Starlette(
        routes=[
            Route("/", runs),
            Route("/run/{name}", run),
            Route("/comparison/{name}", comparison),
            Route("/two", two),
            Route("/events", events),
        ]
    )


async def _page(make: Callable[[], str]) -> Response:
    """Return a page that is made in a thread, or one that says what was wrong."""
    try:
        return HTMLResponse(await run_in_threadpool(make))
    except IzError as error:
        page = message_page(error.message, error.hint, live=_frame(events=False))
        return HTMLResponse(page, 404 if isinstance(error, UnknownNameError) else 500)


async def _changes(pages: Pages) -> AsyncIterator[str]:
    """Tell of each change of the database, and now and then that time has passed."""
    seen, waited = pages.stamp(), 0.0
    yield "retry: 2000\n\n"
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS
        now = pages.stamp()
        if now != seen:
            seen, waited = now, 0.0
            yield "event: changed\ndata: 1\n\n"
        elif waited >= TICK_SECONDS:
            waited = 0.0
            yield "event: tick\ndata: 1\n\n"


def _frame(*, events: bool = True) -> dict[str, Any]:
    return {"home": "/", "events": "/events" if events else ""}
