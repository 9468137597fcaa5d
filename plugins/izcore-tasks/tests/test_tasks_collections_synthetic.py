"""Synthetic tasks: right, repeatable, and enough of them."""

import sys
from pkgutil import resolve_name
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import izcore
from izcore.plugin import (
    BackendContext,
    BackendUnavailableError,
    ConfigError,
    DataError,
    LoadRequest,
    TaskData,
    TaskRegistration,
)
from izcore.plugin.options import convert_options
from izcore_tasks.collections.registration import collection_backends
from izcore_tasks.collections.synthetic import nouns

BACKENDS = {each.name: each for each in collection_backends() if "synthetic:" in each.factory}
NEEDED_BY_DEFAULT_SPLITS = 125
SEEDS = st.integers(min_value=0, max_value=2**31 - 1)


def make(name: str, seed: int = 0, **options: object) -> TaskData:
    backend: TaskRegistration = BACKENDS[name]
    chosen = convert_options(backend.options, options, where="task")
    task = resolve_name(backend.factory)(chosen, BackendContext(seed=seed, cache_dir="", data_dir=""))
    data: TaskData = task.load(LoadRequest(seed=seed))
    return data


def pairs(data: TaskData) -> list[tuple[str, str]]:
    return [(example.input, *example.targets) for example in data.examples]  # type: ignore[misc]


@pytest.mark.parametrize("name", sorted(BACKENDS))
def test_each_has_enough_different_examples_and_depends_on_the_seed_alone(name: str) -> None:
    data = make(name)
    assert data.name == name
    assert data.description
    assert len({example.input for example in data.examples}) == len(data.examples) == 200
    assert len(data.examples) >= NEEDED_BY_DEFAULT_SPLITS
    assert all(example.targets[0].strip() for example in data.examples)
    assert make(name) == data
    assert make(name, seed=1).examples != data.examples


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_arithmetic_is_right(seed: int) -> None:
    for name, operation in (("add_numbers", int.__add__), ("subtract_numbers", int.__sub__)):
        for text, target in pairs(make(name, seed, size=50)):
            first, second = map(int, text.split())
            assert int(target) == operation(first, second)
    for text, target in pairs(make("larger_number", seed, size=50)):
        assert sorted(map(int, text.split()))[-1] == int(target)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_lists_are_sorted_reversed_and_counted_right(seed: int) -> None:
    for text, target in pairs(make("sort_words", seed, size=50)):
        assert target.split() == sorted(text.split())
    for text, target in pairs(make("sort_numbers", seed, size=50)):
        assert [int(word) for word in target.split()] == sorted(int(word) for word in text.split())
    for text, target in pairs(make("reverse_words", seed, size=50)):
        assert target.split()[::-1] == text.split()
    for text, target in pairs(make("count_words", seed, size=50)):
        assert len(text.split()) == int(target)


def test_letters_are_right() -> None:
    for name, part in (("first_letter", 0), ("second_letter", 1), ("last_letter", -1)):
        assert all(target == word[part] for word, target in pairs(make(name)))
    assert all(target.replace(" ", "") == word for word, target in pairs(make("spell_word")))
    assert all(len(word) == int(target) for word, target in pairs(make("count_letters")))


def test_plurals_and_articles_of_all_nouns() -> None:
    plurals = dict(pairs(make("plurals", size=len(nouns()))))
    assert set(plurals) == set(nouns())
    assert all(plural != noun for noun, plural in plurals.items())
    irregular = {
        "mouse": "mice",
        "knife": "knives",
        "child": "children",
        "city": "cities",
        "potato": "potatoes",
    }
    assert {noun: plurals[noun] for noun in irregular} == irregular
    articles = dict(pairs(make("articles", size=len(nouns()))))
    assert (articles["owl"], articles["dog"]) == ("an owl", "a dog")


@pytest.mark.parametrize(
    ("options", "number", "words"),
    [
        ({}, "1607", "one thousand, six hundred and seven"),
        ({"form": "ordinal"}, "464", "four hundred and sixty-fourth"),
        ({"language": "de"}, "464", "vierhundertvierundsechzig"),
        ({"language": "fr"}, "464", "quatre cent soixante-quatre"),
    ],
)
def test_numbers_in_words(options: dict[str, Any], number: str, words: str) -> None:
    assert dict(pairs(make("number_words", **options)))[number] == words


def test_number_words_take_the_language_after_a_colon() -> None:
    assert BACKENDS["number_words"].argument == "language"


def test_an_unknown_language_or_form_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"task\.language.*'xx'"):
        make("number_words", language="xx")
    with pytest.raises(ConfigError, match=r"task\.form.*ordinal.*'cs'"):
        make("number_words", language="cs", form="ordinal")
    with pytest.raises(ConfigError, match=r"9999.*'am'"):
        make("number_words", language="am")


def test_a_size_beyond_what_there_is_says_how_many_there_are() -> None:
    with pytest.raises(DataError, match=f"there are {len(nouns())} different examples") as caught:
        make("plurals", size=len(nouns()) + 1)
    assert f"task.size={len(nouns())}" in caught.value.hint


@pytest.mark.parametrize("size", [0, 5_001, "many"])
def test_a_size_that_is_none_is_refused(size: object) -> None:
    with pytest.raises(ConfigError, match=r"task\.size"):
        make("plurals", size=size)


def test_without_the_packages_of_words_it_is_said_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "inflect", None)
    monkeypatch.delitem(sys.modules, "izcore_tasks.collections.synthetic")
    registry = izcore.discover()
    context = BackendContext(seed=0, cache_dir="", data_dir="")
    with pytest.raises(BackendUnavailableError) as raised:
        registry.build("task", registry.choose("task", "plurals", {}), context)
    assert "pip install 'izcore-tasks[synthetic]'" in raised.value.hint
