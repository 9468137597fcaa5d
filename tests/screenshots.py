"""Makes the pictures of ``docs/report.md``: ``python tests/screenshots.py``.

The runs are made for them, against a server on this machine that sorts support tickets by rules, better
where the instruction says more. Needs the plugins izcore-web, izcore-openai, izcore-tasks and izcore-compare,
the tests' toy, playwright and a Chromium.
"""

import csv
import hashlib
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, sync_playwright
from support import write_lines
from support.browser import CHROMIUM
from support.servers.protocol_server import Answer, Call, ProtocolServer

import izcore
from izcore_web.live import application
from izcore_web.pages import run_page

DOCS = Path(__file__).parent.parent / "docs"
TICKETS = DOCS / "examples" / "tickets.csv"
TEAMS = {row["message"]: row["team"] for row in csv.DictReader(TICKETS.open(encoding="utf-8"))}
LABELS = ("billing", "delivery", "technical")
HELPS = ("team", "support", "one word", "billing", "only")
OPENINGS = (
    "Which team should handle this message?",
    "Answer the customer politely.",
    "Read the support message and name the team.",
    "You work in customer support: sort the message.",
    "Decide who should answer this customer.",
    "Assign the support ticket to a team.",
)
ENDINGS = (
    "",
    " Be brief.",
    " Say billing, delivery or technical.",
    " Write one word only.",
    " Give the team, and nothing else.",
)
PHRASES = tuple(f"{opening}{ending}" for ending in ENDINGS for opening in OPENINGS)
SETTINGS: dict[str, Any] = {
    "splits": {"validation": 16, "test": 30, "retest": 6},
    "search": {"initial": 15, "batch": 5, "rounds": 3},
}


def sort_ticket(call: Call) -> Answer:
    """Answer with the right team as often as the instruction deserves, else with another or with a chat."""
    head, _, tail = call.prompt.rpartition("Input:")
    message = tail.partition("\nOutput")[0].strip()
    right = TEAMS.get(message, LABELS[0])
    skill = min(0.93, 0.12 + 0.17 * sum(word in head.lower() for word in HELPS))
    draw = int(hashlib.sha256(f"{head[-200:]}{message}".encode()).hexdigest()[:8], 16) / 2**32
    if draw < skill:
        return Answer(right)
    if draw < (1 + skill) / 2:
        return Answer(LABELS[(LABELS.index(right) + 1) % 3])
    return Answer("Thank you for your message. I am sorry to hear that. Somebody will look into it today.")


def make_runs(db: Path) -> str:
    """Make some runs and a comparison in a database; return the run that is shown."""
    with ProtocolServer(behave=sort_ticket) as server:
        settings = {**SETTINGS, "scorer": {"base_url": server.openai_url}}
        file = write_lines(db.with_name("phrases.txt"), PHRASES)
        common: dict[str, Any] = {"generator": f"pool:{file}", "scorer": "openai:gpt-4o-mini", "db": db}
        for seed, preset in enumerate(("quick", "random")):
            izcore.optimize(
                str(TICKETS),
                metric="exact_match",
                preset=preset,
                surrogate="sobol",
                seed=seed,
                settings=settings,
                **common,
            )
        izcore.compare(
            str(TICKETS),
            ["quick", "random"],
            metric="exact_match",
            surrogate="sobol",
            seeds=2,
            max_calls=300,
            settings=settings,
            **common,
        )
        return izcore.optimize(
            str(TICKETS),
            metric="exact_match",
            preset="quick",
            surrogate="sobol",
            seed=4,
            baselines=["Which team should answer this?"],
            coordinates=["form"],
            settings=settings,
            **common,
        ).run_id


def take(browser: Browser, url: str, name: str, *, size: tuple[int, int], dark: bool, part: str = "") -> None:
    """Take one picture, of the page from its beginning or from a part of it on."""
    width, height = size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    page.goto(url)
    if part:
        page.evaluate("part => document.querySelector(part).scrollIntoView({behavior: 'instant'})", part)
    page.wait_for_timeout(500)
    page.screenshot(path=DOCS / name)
    page.close()


def main() -> None:
    """Make the runs and the pictures."""
    os.environ["OPENAI_API_KEY"] = "sk-of-no-use"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        db = Path(folder) / "runs.sqlite"
        run_id = make_runs(db)
        file = Path(folder) / "report.html"
        file.write_text(run_page(izcore.run(run_id, db=db)), encoding="utf-8")
        config = uvicorn.Config(application(db), port=0, lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        desktop, phone = (1280, 860), (390, 844)
        take(browser, file.as_uri(), "report.png", size=desktop, dark=False)
        take(browser, file.as_uri(), "report-answers.png", size=desktop, dark=False, part="#answers")
        take(browser, file.as_uri(), "report-phone.png", size=phone, dark=True)
        while not server.started:
            thread.join(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        take(browser, f"http://127.0.0.1:{port}/", "serve.png", size=desktop, dark=False)
        browser.close()
        server.should_exit = server.force_exit = True
        thread.join()


if __name__ == "__main__":
    main()
