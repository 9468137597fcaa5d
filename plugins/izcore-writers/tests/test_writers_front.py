"""Parents of GEPA: who is on the Pareto front over examples, and how often each is drawn."""

import itertools
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Candidate, Trial
from izcore_writers.front import contenders, draw_parent, wins

TABLES = st.integers(1, 5).flatmap(
    lambda examples: st.lists(
        st.tuples(*[st.sampled_from([0.0, 0.5, 1.0])] * examples), min_size=1, max_size=7
    )
)


def trial(index: int, sentence: str, *scores: float | None, form: str = "") -> Trial:
    whole = f"{sentence} {form}".strip()
    parts = {"body": sentence, "coordinates": (("form", form),)} if form else {}
    return Trial(
        index=index, round=0, candidate=Candidate(latent=(), instruction=whole, **parts), scores=scores
    )


@given(TABLES)
def test_wins_are_the_examples_on_which_one_of_the_front_is_best(table: list[tuple[float, ...]]) -> None:
    expected = []
    for own in table:
        dominated = False
        for other in table:
            signs = {(a > b) - (a < b) for a, b in zip(other, own, strict=True)}
            dominated |= signs in ({1}, {0, 1})
        best_on = [n for n in range(len(own)) if not any(other[n] > own[n] for other in table)]
        expected.append(0 if dominated else len(best_on))
    assert wins(table) == tuple(expected)
    assert sum(expected) > 0, "somebody can always be drawn"


@given(TABLES, st.randoms(use_true_random=False))
def test_the_front_does_not_depend_on_the_order(table: list[tuple[float, ...]], draw: random.Random) -> None:
    places = list(range(len(table)))
    draw.shuffle(places)
    assert [wins(table)[place] for place in places] == list(wins([table[place] for place in places]))


def test_parents_are_drawn_in_proportion_to_their_wins() -> None:
    trials = [trial(0, "A", 1, 1, 1, 0), trial(1, "B", 0, 0, 0, 1), trial(2, "worse than A", 1, 1, 0, 0)]
    drawn = Counter(draw_parent(trials, random.Random(seed)).index for seed in range(2000))
    assert set(drawn) == {0, 1}
    assert drawn[0] / 2000 == pytest.approx(0.75, abs=0.03)


def test_contenders_saw_all_examples_and_each_sentence_counts_once_at_its_best() -> None:
    history = [
        trial(0, "A", 1, 0, form="Briefly."),
        trial(1, "A", 1, 1, form="One word."),
        trial(2, "stopped early", 1),
        trial(3, "without any score", None, None),
        trial(4, "B", 0, 0),
        trial(5, "A", 1, 1, form="A number."),
    ]
    assert [one.index for one in contenders(history, 2)] == [1, 4]


def test_examples_that_are_set_aside_count_for_nobody() -> None:
    history = [trial(0, "A", None, 1, 0), trial(1, "B", None, 0, 1), trial(2, "C", None, 0, 0)]
    chosen = {draw_parent(contenders(history, 3), random.Random(seed)).index for seed in range(40)}
    assert chosen == {0, 1}
    assert all(len(each.known_scores) == 2 for each in itertools.islice(history, 3))
