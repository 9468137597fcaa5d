"""Rounds in which hardly anything new is written: people are told, once per round, with what helps."""

import warnings

import pytest

import izcore
from izcore.plugin import Candidate, IzWarning, Trial
from izcore.search.repeats import warn_of_repeats

SENTENCES = tuple(f"Write it {count} times." for count in range(16))


def candidates(*sentences: str) -> list[Candidate]:
    return [Candidate(latent=(0.5,), instruction=sentence) for sentence in sentences]


def trials(*sentences: str) -> list[Trial]:
    return [
        Trial(index=index, round=0, candidate=candidate, scores=(1.0,))
        for index, candidate in enumerate(candidates(*sentences))
    ]


def warned_of(written: list[Candidate], history: list[Trial], remedy: str = "") -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_repeats(written, history, generator="pen", remedy=remedy)
    return [str(each.message) for each in caught]


def test_below_a_quarter_it_warns_and_says_what_helps() -> None:
    few = candidates(*SENTENCES[:3] * 5, SENTENCES[0])
    assert warned_of(few, [], remedy="Dip it in ink.") == [
        "13 of the 16 sentences that the generator pen wrote in this round are not new, so that more trials "
        "would find little. Dip it in ink."
    ]
    assert "iz plugins show pen" in warned_of(few, [])[0]


def test_a_quarter_is_enough_and_few_sentences_say_nothing() -> None:
    assert warned_of(candidates(*SENTENCES[:4] * 4), []) == []
    assert warned_of(candidates(*SENTENCES[:1] * 7), []) == []


def test_what_was_tried_before_is_not_new() -> None:
    assert warned_of(candidates(*SENTENCES), trials(*SENTENCES[:12])) == []
    assert "13 of the 16" in warned_of(candidates(*SENTENCES), trials(*SENTENCES[:13]))[0]


def test_the_same_sentence_with_other_choices_is_not_new() -> None:
    completed = [
        Candidate(
            latent=(0.5, place / 16),
            instruction=f"Write. {word}",
            body="Write.",
            coordinates=(("form", word),),
        )
        for place, word in enumerate(SENTENCES)
    ]
    assert "15 of the 16" in warned_of(completed, [])[0]


def test_a_search_warns() -> None:
    with pytest.warns(IzWarning, match="of the 20 sentences that the generator phrases wrote"):
        izcore.optimize(
            "mirror",
            scorer="obedient",
            surrogate="sobol",
            settings={
                "generator": {"name": "phrases", "phrases": list(SENTENCES[:1])},
                "search": {"initial": 20, "batch": 1, "rounds": 0},
                "splits": {"validation": 4, "test": 5},
            },
        )
