"""``iz serve``: live pages for whoever has the token, from this machine, that nothing can be changed from."""

import http.client
import re
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained, iz_command
from support.browser import Tab

import izcore
from izcore.testing import CommandConformance, Subject
from izcore_web.live import Pages

SMALL: dict[str, Any] = {
    "generator": "phrases",
    "scorer": "obedient",
    "surrogate": "sobol",
    "preset": "quick",
}
SIZES = {"search": {"initial": 8, "rounds": 0}, "splits": {"validation": 4, "test": 5}}


class TestServeConformance(CommandConformance):
    @pytest.fixture
    def subject(self) -> Subject:
        return Subject(plugin="izcore_web.plugin", name="serve")

    @pytest.fixture
    def mistaken(self) -> Sequence[str]:
        return ("--db", "none.sqlite")


def run_small(**more: Any) -> str:
    return izcore.optimize("mirror", settings=SIZES, **SMALL, **more).run_id


class Served:
    """A server in a process of its own; ``url`` is what it printed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            iz_command("serve", "--port", "0", *arguments), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)", self.url)
        assert found, self.url
        self.port, self.token = int(found[1]), found[2]
        self.cookie = f"izcore-{self.port}={self.token}"

    def ask(self, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        """Send a request as no browser would."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers={key.replace("_", "-"): v for key, v in headers.items()})
        return connection.getresponse()


@pytest.fixture
def served() -> Iterator[Served]:
    run_small()
    server = Served()
    yield server
    server.process.terminate()
    server.process.wait(timeout=20)


def test_nobody_reads_without_the_token_or_from_elsewhere(served: Served) -> None:
    mine = {"Cookie": served.cookie}
    assert served.ask("/", **mine).status == 200
    assert served.ask("/").status == 403
    assert served.ask("/?token=wrong").status == 403
    assert served.ask("/events").status == 403
    assert served.ask("/run/last", Cookie=f"izcore-{served.port}=wrong").status == 403
    assert served.ask("/", Origin="http://evil.example", **mine).status == 403
    assert served.ask("/", Host=f"evil.example:{served.port}", **mine).status == 421
    assert served.ask("/", Host="127.0.0.1", **mine).status == 421
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert served.ask("/", method, **mine).status == 405
    entered = served.ask(f"/run/last?token={served.token}")
    assert (entered.status, entered.headers["location"]) == (303, "/run/last")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert "samesite=strict" in entered.headers["set-cookie"].lower()


def test_every_answer_protects_itself(served: Served) -> None:
    for answer in (served.ask("/", Cookie=served.cookie), served.ask("/"), served.ask("/", "POST")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    missing = served.ask("/run/%3Cscript%3Ealert(1)", Cookie=served.cookie)
    assert missing.status == 404
    page = missing.read().decode()
    assert "<script>alert(1)" not in page
    assert "There is no run" in page


def test_mistakes_are_one_clear_line(iz: Iz, tmp_path: Path) -> None:
    run_small()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_explained(iz("serve", "--port", str(port)), f"{port}: cannot listen there", "--port")
    assert_explained(iz("serve", "--host", "192.0.2.1"), "cannot listen there")
    missing = iz("serve", "--db", str(tmp_path / "none.sqlite"))
    assert_explained(missing, "there is no such database", code=missing.returncode)
    assert missing.returncode != 0


def test_another_address_is_warned_of() -> None:
    run_small()
    process = subprocess.Popen(
        iz_command("serve", "--port", "0", "--host", "0.0.0.0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http://0.0.0.0:")
    process.terminate()
    assert "not encrypted" in process.communicate(timeout=20)[1]


def test_a_run_is_seen_as_it_goes_on(served: Served, tab: Tab) -> None:
    page = tab.page
    page.goto(served.url)
    assert "token" not in page.url
    assert page.locator("#runs-table tbody tr").count() == 1
    slow = {**SIZES, "scorer": {"seconds": 0.1}, "search": {"initial": 40, "rounds": 0}}
    thread = threading.Thread(target=lambda: izcore.optimize("mirror", settings=slow, seed=1, **SMALL))
    thread.start()
    page.wait_for_selector("#runs-table .s-running", timeout=60_000)
    page.fill("#runs input[type=search]", "running")
    page.click("#runs-table tbody tr:not([hidden]) a")
    page.wait_for_selector("text=at work")
    page.wait_for_selector("#result .s-done", timeout=120_000)
    thread.join()
    assert "at work" not in page.inner_text("#result")
    page.wait_for_selector("#answers .answer")


def test_runs_are_filtered_and_two_stand_side_by_side(served: Served, tab: Tab) -> None:
    first, second = izcore.runs()[0].id, run_small(seed=1)
    page = tab.page
    page.goto(served.url)
    page.wait_for_selector(f"text={second}")
    page.select_option("#runs select[data-filter=task]", label="mirror")
    assert page.inner_text("#runs output") == "2"
    page.fill("#runs input[type=search]", first)
    assert page.inner_text("#runs output") == "1 of 2"
    page.fill("#runs input[type=search]", "")
    assert page.is_disabled("[data-needs]")
    for box in page.locator("#runs-table input[type=checkbox]").all():
        box.check()
    page.click("[data-needs]")
    page.wait_for_selector("text=Two runs side by side")
    assert page.inner_text("table").split("\n")[-1].startswith("seed")
    assert "different test examples" in page.inner_text("main")


def test_the_database_stays_as_it_is(served: Served, tmp_path: Path) -> None:
    def content() -> list[Any]:
        with sqlite3.connect(f"file:{tmp_path / 'runs.sqlite'}?mode=ro", uri=True) as db:
            return list(db.iterdump())

    before = content()
    for path in ("/", "/run/last", "/two?run=last&run=last", "/comparison/none"):
        served.ask(path, Cookie=served.cookie).read()
    assert content() == before


def test_a_thousand_runs_are_listed_in_a_second(tmp_path: Path) -> None:
    run = run_small()
    file = tmp_path / "runs.sqlite"
    with sqlite3.connect(file) as db:
        for table, key in (("runs", "id"), ("trials", "run_id")):
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            copied = ", ".join("n.value || '-' || ?1" if name == key else name for name in names)
            db.execute(
                "WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 999)"
                f" INSERT INTO {table} SELECT {copied} FROM {table}, n WHERE {key} = ?1",
                (run,),
            )
        # No trial is read for the list: one that cannot be read is not noticed.
        db.execute("UPDATE trials SET trial = 'not JSON'")
    pages = Pages(file)
    pages.runs()
    taken = []
    for _ in range(3):
        # Of the processor's time: what else the machine does shall not count.
        begun = time.process_time()
        page = pages.runs()
        taken.append(time.process_time() - begun)
    assert page.count("<tr data-task") == 1000
    assert min(taken) < 1.0, taken
