"""Against a real server on this machine that holds the model."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from izcore.plugin import BackendUnavailableError, PullRequest, PullResult, UsageError
from izcore_house import SERVER, pull_house_7b


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a folder as the house's model server, and yield the folder."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=folder))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv(SERVER, f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_fetched_once(models: Path, tmp_path: Path) -> None:
    """Looking fetches nothing; what is there is found again without the server."""
    (models / "7b").write_bytes(b"weights")
    looking = PullRequest(cache_dir=str(tmp_path / "cache"), check=True)
    fetching = PullRequest(cache_dir=str(tmp_path / "cache"))
    assert pull_house_7b(looking) == PullResult(path="")
    pulled = pull_house_7b(fetching)
    assert Path(pulled.path).read_bytes() == b"weights"
    (models / "7b").unlink()
    assert pull_house_7b(looking) == pull_house_7b(fetching) == pulled


def test_what_cannot_be_fetched_is_explained(models: Path, tmp_path: Path) -> None:
    """A model that the server lacks is an error for people, and leaves nothing behind."""
    with pytest.raises(BackendUnavailableError, match="404"):
        pull_house_7b(PullRequest(cache_dir=str(tmp_path / "cache")))
    assert pull_house_7b(PullRequest(cache_dir=str(tmp_path / "cache"), check=True)).path == ""


def test_a_server_must_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable the message names it."""
    monkeypatch.delenv(SERVER, raising=False)
    with pytest.raises(UsageError, match=SERVER):
        pull_house_7b(PullRequest(cache_dir=str(tmp_path)))
