"""Prompts: what their keys are made of, and what they become for a model that knows one message only."""

import msgspec
import pytest

from izcore.plugin import Image, Message, Prompt, ScorerInfo, UsageError

TURNS = (Message(role="user", text="Hello."), Message(role="assistant", text="Whom do you miss?"))


def test_a_prompt_in_one_message_is_written_as_it_always_was() -> None:
    assert msgspec.json.encode(Prompt(text="Hi", sample=2)) == b'{"text":"Hi","sample":2}'


def test_folding_keeps_every_word_and_says_who_speaks() -> None:
    asked = Prompt(text="Bertha.", system="Name the town.", turns=TURNS, sample=3)
    said = "Name the town.\n\nUser: Hello.\n\nAssistant: Whom do you miss?\n\nUser: Bertha."
    assert asked.folded() == Prompt(text=said, sample=3)
    assert Prompt(text="Bertha.", system="Name the town.").folded().text == "Name the town.\n\nBertha."


def test_folding_shows_all_images_with_the_one_message() -> None:
    first, second = Image(source="https://example.org/1"), Image(source="https://example.org/2")
    turn = Message(role="user", text="First.", images=(first,))
    assert Prompt(text="Second.", turns=(turn,), images=(second,)).folded().images == (first, second)


def test_a_scorer_that_takes_no_images_is_given_none() -> None:
    asked = Prompt(text="Which colour?", images=(Image(source="https://example.org/1"),))
    assert ScorerInfo(identity={"model": "m"}, images=True).as_taken(asked) == asked
    with pytest.raises(UsageError, match="tiny takes no images"):
        ScorerInfo(identity={"model": "tiny"}, messages=True).as_taken(asked)


def test_only_a_scorer_that_takes_messages_is_given_them() -> None:
    asked = Prompt(text="Bertha.", system="Name the town.", turns=TURNS)
    identity = {"model": "m"}
    assert ScorerInfo(identity=identity, messages=True).as_taken(asked) == asked
    assert ScorerInfo(identity=identity).as_taken(asked) == asked.folded()
