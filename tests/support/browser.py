"""A real browser for tests of pages, where one is installed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; tests that need one are left out where none is installed.

    It is closed after each file: as long as it is open its event loop runs, and no other can begin.
    """
    playwright: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (apt-get install chromium)")
    with playwright.sync_playwright() as driver:
        # A container's own user may not make the sandbox of Chromium; what is opened here is ours.
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Tab:
    """A page in the browser, and what went wrong in it: errors of scripts, and what its policy stopped."""

    def __init__(self, browser: Any, **settings: Any) -> None:
        self._context = browser.new_context(**settings)
        self.page = self._context.new_page()
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.wrong.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, text: str, folder: Path) -> Any:
        """Open a page from a file."""
        file = folder / "page.html"
        file.write_text(text, encoding="utf-8")
        self.page.goto(file.as_uri())
        return self.page

    def close(self) -> None:
        """Close it."""
        self._context.close()


@pytest.fixture
def tab(browser: Any) -> Iterator[Tab]:
    """A tab in which nothing may go wrong."""
    opened = Tab(browser, viewport={"width": 1280, "height": 900})
    yield opened
    opened.close()
    assert opened.wrong == []
