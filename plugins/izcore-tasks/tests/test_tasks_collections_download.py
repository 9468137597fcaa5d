"""Published tasks downloaded from a real server on this machine, and what may go wrong on the way."""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from izcore.plugin import BackendContext, BackendError, ConfigError, DataError, FetchRequest, LoadRequest
from izcore.plugin.options import convert_options
from izcore_tasks.collections.options import PublishedOptions
from izcore_tasks.collections.published import PublishedTask

PREFIX = "/orhonovich/instruction-induction/f7304ae0a35239c9819a08f93fd58426f6b4e4c1/data/"
PARTS = {
    "raw/induce": "induce",
    "raw/execute": "execute",
    "annotations": "annotations",
}

Answer = Callable[["Handler", bytes], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers as the server's script says, request by request; its last answer goes on for ever."""

    server: "Upstream"

    def do_GET(self) -> None:
        upstream = self.server
        upstream.requests.append(self.path)
        answer = upstream.script.pop(0) if len(upstream.script) > 1 else upstream.script[0]
        folder, _, name = self.path.removeprefix(PREFIX).rpartition("/")
        place = upstream.folder / PARTS.get(folder, "unknown") / name
        answer(self, place.read_bytes() if place.is_file() else b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


class Upstream(http.server.ThreadingHTTPServer):
    """A copy of the repository's data, with the requests that it got."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.requests: list[str] = []
        self.script: list[Answer] = [whole]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def whole(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def cut_short(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def cut_short_without_length(handler: Handler, content: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content[: len(content) // 2])


def altered(handler: Handler, content: bytes) -> None:
    whole(handler, content.replace(b'"output": "', b'"output": "not ', 1))


def longer(handler: Handler, content: bytes) -> None:
    whole(handler, content + b"[]" * 1000)


def status(code: int) -> Answer:
    return lambda handler, content: handler.send_error(code)


@pytest.fixture
def upstream(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Upstream(shared_data / "instruction_induction") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def fetch(name: str, base_url: str, data_dir: Path) -> tuple[PublishedTask, list[str]]:
    context = BackendContext(seed=0, cache_dir="", data_dir=str(data_dir))
    task = PublishedTask(PublishedOptions(name=name, base_url=base_url), context)
    files = task.fetch(FetchRequest(data_dir=str(data_dir))).files
    return task, sorted(Path(file).name for file in files)


def stored(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.rglob("*") if path.is_file())


def test_a_task_is_fetched_once_and_loads(upstream: Upstream, tmp_path: Path) -> None:
    task, files = fetch("translation_en-de", upstream.url + "/", tmp_path)
    assert files == stored(tmp_path) == ["annotations.json", "execute.json", "induce.json"]
    data = task.load(LoadRequest())
    assert (len(data.examples), len(data.test_examples)) == (2808, 100)
    assert data.human_instructions
    assert len(upstream.requests) == 3
    assert fetch("translation_en-de", upstream.url, tmp_path)[1] == files
    assert len(upstream.requests) == 3


@pytest.mark.parametrize("answer", [altered, longer])
def test_what_differs_from_the_published_file_is_not_kept(
    answer: Answer, upstream: Upstream, tmp_path: Path
) -> None:
    upstream.script = [answer]
    with pytest.raises(DataError, match=r"(?s)raw/induce/sum\.json.*expected 474621 bytes.*got \d+ bytes"):
        fetch("sum", upstream.url, tmp_path)
    assert stored(tmp_path) == []
    assert len(upstream.requests) == 1


def test_a_file_that_is_gone_upstream_is_named_at_once(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script = [status(404)]
    with pytest.raises(BackendError, match=r"raw/induce/sum\.json.*HTTP 404") as caught:
        fetch("sum", upstream.url, tmp_path)
    assert "--from FOLDER" in caught.value.hint
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("passing", [cut_short, status(503), status(429)])
def test_what_may_pass_is_tried_again(passing: Answer, upstream: Upstream, tmp_path: Path) -> None:
    upstream.script = [passing, whole]
    task, _ = fetch("sum", upstream.url, tmp_path)
    assert len(task.load(LoadRequest()).examples) == 4950
    assert len(upstream.requests) == 4


def test_a_body_that_always_ends_early_is_given_up(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script = [cut_short]
    with pytest.raises(BackendError, match=r"ended after 237310 of 474621 bytes"):
        fetch("sum", upstream.url, tmp_path)
    assert len(upstream.requests) == 4
    assert stored(tmp_path) == []


def test_an_early_end_that_nothing_announces_is_noticed(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script = [cut_short_without_length]
    with pytest.raises(DataError, match="got 237310 bytes"):
        fetch("sum", upstream.url, tmp_path)


def test_an_interrupted_fetch_goes_on_where_it_stopped(upstream: Upstream, tmp_path: Path) -> None:
    upstream.script = [whole, status(404)]
    with pytest.raises(BackendError):
        fetch("sum", upstream.url, tmp_path)
    assert stored(tmp_path) == ["induce.json"]
    upstream.requests.clear()
    upstream.script = [whole]
    task, _ = fetch("sum", upstream.url, tmp_path)
    assert [request.split("/")[-2] for request in upstream.requests] == ["execute", "annotations"]
    assert task.load(LoadRequest()).test_examples


def test_a_damaged_file_is_fetched_again(upstream: Upstream, tmp_path: Path) -> None:
    fetch("sum", upstream.url, tmp_path)
    damaged = tmp_path / "collections" / "sum" / "execute.json"
    damaged.write_bytes(damaged.read_bytes()[:100])
    upstream.requests.clear()
    task, _ = fetch("sum", upstream.url, tmp_path)
    assert len(upstream.requests) == 1
    assert len(task.load(LoadRequest()).test_examples) == 100


def test_a_server_that_is_not_there_is_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(BackendError, match=f"127.0.0.1:{port}.*cannot be reached"):
        fetch("sum", f"http://127.0.0.1:{port}", tmp_path)


def test_a_data_folder_that_cannot_be_written_is_named(upstream: Upstream, tmp_path: Path) -> None:
    (tmp_path / "collections").write_text("a file where a folder belongs")
    with pytest.raises(DataError, match=r"induce\.json cannot be written") as caught:
        fetch("sum", upstream.url, tmp_path)
    assert "IZ_DATA" in caught.value.hint


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"task\.base_url"):
        convert_options(PublishedOptions, {"name": "sum", "base_url": "file:///etc"}, where="task")
