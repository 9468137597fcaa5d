"""Faults of every class, from servers of both protocols: none is a score, is kept, or loses an answer."""

import gzip
import itertools
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import Iz
from support.rule_world import MODELS, RuleWorld, obey, right_answer
from support.servers.protocol_server import Behaviour, Body, Call, Dropped, Failure, NoChoices, ProtocolServer

import izcore

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
SMALL = {
    "splits": {"demonstrations": 2, "validation": 6, "retest": 0, "test": 6},
    "evaluation": {"policy": "full"},
    "retries": {"tries": 3, "max_wait": 0.01},
    "cache": False,
}


@pytest.fixture(params=sorted(MODELS))
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(protocol: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProtocolServer]:
    monkeypatch.setenv(KEYS[protocol], "sk-planted-0123456789abcdef")
    with ProtocolServer(behave=obey) as running:
        yield running


@pytest.fixture
def world(server: ProtocolServer, tmp_path: Path, protocol: str) -> RuleWorld:
    return RuleWorld(tmp_path, server, protocol)


def message(call: Call, text: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """The body of an answer in the protocol of a call, with more fields or others than usual."""
    if call.protocol == "anthropic":
        content = text if text is None else [{"type": "text", "text": text}]
        return {"type": "message", "content": content, "stop_reason": finish or "end_turn", **more}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish or "stop",
    }
    return {"object": "chat.completion", "choices": [choice], **more}


def json_body(data: Any, **more: Any) -> Body:
    return Body(json.dumps(data).encode(), **more)


def usage(call: Call, tokens_in: Any, tokens_out: Any) -> dict[str, Any]:
    names = {"openai": ("prompt_tokens", "completion_tokens"), "anthropic": ("input_tokens", "output_tokens")}
    return dict(zip(names[call.protocol], (tokens_in, tokens_out), strict=True))


Fault = Callable[[Call], Behaviour]

BUSY: tuple[Fault, ...] = (
    *(
        lambda call, wait=wait: Failure(429, retry_after=wait)
        for wait in ("1e9", "-5", "nan", "inf", "0.01", "soon, \x01 99:99", "Wed, 21 Oct 2015 07:28:00 GMT")
    ),
    *(lambda call, status=status: Failure(status) for status in (408, 409, 500, 502, 503, 529)),
    lambda call: Body(b"<html>\x1b[31mBad gateway</html>", "text/html", 502),
)
INSTEAD_OF_AN_ANSWER: tuple[Fault, ...] = (
    lambda call: json_body({"error": {"message": "upstream died", "code": 502}}),
    lambda call: json_body({"error": "overloaded, try again"}),
    lambda call: json_body({"success": False, "message": "The upstream timed out."}),
    lambda call: json_body({"detail": [{"msg": "worker lost"}]}),
    lambda call: json_body(message(call, None)),
    lambda call: json_body(message(call, "half an ans", "error")),
    lambda call: json_body(message(call, "half an ans", "aborted_by_someone")),
)
"""The server says that it failed, and tells of no tokens: nothing is billed."""
UNREADABLE: tuple[Fault, ...] = (
    lambda call: NoChoices(),
    lambda call: Dropped(),
    lambda call: Body(b""),
    lambda call: Body(b"[]"),
    lambda call: Body(b'{"choices": [{"mess'),
    lambda call: Body(b"<html>Your session has ended.</html>", "text/html"),
    lambda call: Body(json.dumps(message(call, "caf\u00e9"), ensure_ascii=False).encode("latin1")),
    lambda call: json_body(message(call, "half a character: \ud800")),
    lambda call: Body(b'{"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"),
    lambda call: Body(b"\x1f\x8bno gzip", headers={"content-encoding": "gzip"}),
    lambda call: Body(gzip.compress(bytes(70 * 2**20)), headers={"content-encoding": "gzip"}),
)


@pytest.mark.parametrize(
    ("faults", "billed"),
    [(BUSY, False), (INSTEAD_OF_AN_ANSWER, False), (UNREADABLE, True)],
    ids=["busy", "instead", "unreadable"],
)
def test_a_failed_try_is_no_score_is_not_kept_and_changes_nothing(
    world: RuleWorld, server: ProtocolServer, faults: tuple[Fault, ...], billed: bool
) -> None:
    expected = world.optimize(**SMALL)
    kept = completions(world.db)
    seen: set[str] = set()
    next_fault = itertools.cycle(faults)

    def fails_first(call: Call) -> Behaviour:
        if call.prompt in seen:
            return obey(call)
        seen.add(call.prompt)
        return next(next_fault)(call)

    server.behave = fails_first
    world.db = world.db.with_name("faulty.sqlite")
    result = world.optimize(**SMALL)
    assert len(seen) > 2 * len(faults)
    assert result.best == expected.best
    assert result.baselines == expected.baselines
    assert result.set_aside == expected.set_aside == ()
    assert completions(world.db) == kept
    assert result.calls - result.lost_calls == expected.calls
    assert (result.lost_calls > 0) is billed


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        ({"error": {"message": "Insufficient credits. Add more.", "code": 402}}, 200, "Add more"),
        ({"error": {"message": "You need more credits: see your plan.", "code": 429}}, 200, "see your plan"),
        ({"error": {"message": "No such model: turbo-99", "type": "not_found_error"}}, 200, "turbo-99"),
        ({"object": "error", "message": "top_q is not supported", "code": 400}, 200, "top_q"),
        ({"error": {"message": "invalid api key", "type": "authentication_error"}}, 500, "API key"),
        ({"error": {"message": "your plan forbids this"}}, 403, "your plan forbids this"),
    ],
)
def test_what_no_other_try_mends_stops_at_once_in_the_servers_own_words(
    world: RuleWorld, server: ProtocolServer, error: Mapping[str, Any], status: int, said: str
) -> None:
    server.behave = lambda call: json_body(error, status=status)
    with pytest.raises(izcore.FatalScorerError, match=said):
        world.optimize(**SMALL)
    assert len(server.calls) <= 16, "what was under way, and nothing after it"
    assert completions(world.db) == []
    assert izcore.runs(db=world.db)[0].status == "failed"


USAGES: tuple[tuple[Any, Any], ...] = (
    *((20.5, "7"), (20.0, 7.0), ("20", 7), (None, None), (0, 0), (-1, -1), (1e19, 7), (10**19, 10**19)),
    *((9 * 10**18, 9 * 10**18), (True, []), ({}, "many")),
)


def test_odd_usage_never_loses_an_answer_and_is_told(
    world: RuleWorld, server: ProtocolServer, protocol: str, iz: Iz
) -> None:
    expected = world.optimize(**SMALL)
    odd = itertools.cycle(USAGES)
    whole = itertools.cycle([None, 5, "much", [1, 2]])

    def counts_badly(call: Call) -> Behaviour:
        answer = message(call, right_answer(call.prompt))
        told = next(odd)
        return json_body({**answer, "usage": next(whole) if told == (True, []) else usage(call, *told)})

    server.behave = counts_badly
    result = world.optimize(**SMALL)
    assert result.best == expected.best
    assert result.calls == expected.calls
    assert result.lost_calls == 0
    assert result.tokens.total < 10**6
    (note,) = result.notes
    assert "numbers of tokens that cannot be" in note
    assert not expected.notes
    told = " ".join(iz("runs", "show", "last", "--db", str(world.db)).stdout.split())
    assert note in told
    assert iz("cache", "info", "--db", str(world.db)).returncode == 0


def test_answers_that_are_none_are_counted_and_told(
    world: RuleWorld, server: ProtocolServer, protocol: str, iz: Iz
) -> None:
    inner = '{"error": {"code": "content_filter", "message": "The prompt was flagged."}}'
    filtered: tuple[Fault, ...] = (
        lambda call: json_body({"error": {"message": inner, "code": 400}}, status=400),
        lambda call: json_body({"error": {"message": "Provider error", "metadata": {"raw": inner}}}),
        lambda call: Failure(403, "Your input was flagged by the moderation"),
    )
    refused: Fault = lambda call: json_body(  # noqa: E731
        message(call, "I will not.", "refusal")
    )
    kinds: dict[str, tuple[Fault, ...]] = {
        "filtered": filtered,
        "refusal": (refused,),
        "length": (lambda call: json_body(message(call, "out", "max_tokens")),),
        "empty": (lambda call: json_body(message(call, "")), lambda call: json_body(message(call, " \n"))),
    }
    items = [example.input for example in world.splits(**SMALL).test]
    of_item = dict(zip(items, kinds, strict=False))
    variants = {kind: itertools.cycle(faults) for kind, faults in kinds.items()}

    def odd_ends(call: Call) -> Behaviour:
        kind = next((kind for item, kind in of_item.items() if f"{item}\n" in call.prompt), None)
        return next(variants[kind])(call) if kind else obey(call)

    server.behave = odd_ends
    result = world.optimize(**SMALL)
    asked = 1 + len(result.baselines)
    assert {kind: result.finishes.get(kind) for kind in kinds} == dict.fromkeys(kinds, asked)  # type: ignore[call-overload]
    assert result.set_aside == ()
    assert result.best is not None
    assert result.best.test is not None
    assert result.best.test.n == 6
    told = " ".join(iz("runs", "show", "last", "--db", str(world.db)).stdout.split())
    for words in ("refused by the model", "withheld by a content filter", "were cut", "were empty"):
        assert f"{asked} " in told
        assert words in told


def completions(db: Path) -> list[tuple[str, str]]:
    """What is kept of answers: key and text of each."""
    if not db.exists():
        return []
    with sqlite3.connect(db) as connection:
        return sorted(connection.execute("SELECT text, finish FROM completions"))
