"""Tokens are counted where a tokenizer is at hand; nothing is fetched and nothing waits where it is not."""

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest

from izcore.plugin import BackendContext, Prompt
from izcore_openai.options import OpenAIOptions
from izcore_openai.scorer import OpenAIScorer
from izcore_openai.tokens import TABLES, is_on_disk, tokenizer

PLANNING = BackendContext(seed=0, cache_dir="", data_dir="", planning=True)


class Words(OpenAIScorer):
    """Counts words."""

    def count_tokens(self, text: str) -> int | None:
        return len(text.split())


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    tokenizer.cache_clear()


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("content", [None, b"half of a tab"])
def test_a_table_that_is_not_there_whole_is_left_alone(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    table = TABLES["o200k_base"]
    if content is not None:
        (tmp_path / hashlib.sha1(table.url.encode()).hexdigest()).write_bytes(content)
    assert not is_on_disk(table)
    assert tokenizer("gpt-4o-mini") is None
    assert tokenizer("some-model-of-ours") is None
    assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if content is None else [content])
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    assert not is_on_disk(table)


def test_a_count_makes_the_bound_smaller_and_the_expectation_exact() -> None:
    prompt = Prompt(text="word " * 100)
    options = OpenAIOptions(model="gpt-4o-mini")
    bytes_, words = OpenAIScorer(options, PLANNING), Words(options, PLANNING)
    assert words.bound(prompt).input_tokens == 125 + 64
    assert bytes_.bound(prompt).input_tokens >= 125 + 64
    assert words.expected(prompt).input_tokens == 100 + 8


@pytest.mark.parametrize(("effort", "tokens"), [("none", 0), ("low", 200), ("high", 1500)])
def test_reasoning_is_expected_by_its_effort(effort: Any, tokens: int) -> None:
    scorer = OpenAIScorer(OpenAIOptions(model="gpt-5.4", reasoning_effort=effort), PLANNING)
    expected = scorer.expected(Prompt(text="Why?"))
    assert expected.output_tokens == min(tokens, scorer.bound(Prompt(text="Why?")).output_tokens)
