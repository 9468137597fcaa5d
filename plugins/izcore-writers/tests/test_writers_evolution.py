"""Who lives and who breeds, on histories made by hand."""

import random
from collections import Counter

import pytest
from crafted_history import history
from hypothesis import given
from hypothesis import strategies as st

from izcore_writers.evolution import differing, fittest, places, roulette
from izcore_writers.standings import Standing, best, standings


def names(population: object) -> list[str | None]:
    return [one and one.instruction for one in population]  # type: ignore[attr-defined]


def standing(name: str, mean: float, seen: int = 10) -> Standing:
    return Standing(instruction=name, mean=mean, seen=seen)


def test_reused_trials_and_failed_ones_are_no_standings() -> None:
    past = history([(0, "a", 0.5), (0, "lost", None), (0, "a", None), (1, "lost", None), (1, "b", 0.1)])
    assert standings(past) == (standing("a", 0.5), standing("b", 0.1))


def test_what_saw_few_examples_ranks_behind_what_kept_its_mean() -> None:
    some = [standing("lucky", 0.75, 4), standing("good", 0.75, 20), standing("fair", 0.5, 20)]
    assert names(best(some, 3)) == ["good", "lucky", "fair"]
    assert names(best([standing("later", 0.6), standing("first", 0.6)], 1)) == ["later"]


@given(st.lists(st.integers(0, 20), min_size=2, max_size=12))
def test_with_equally_many_scores_the_mean_alone_ranks(right: list[int]) -> None:
    some = [standing(str(number), count / 20, 20) for number, count in enumerate(right)]
    assert best(some, 99) == tuple(sorted(some, key=lambda one: -one.mean))


def test_ga_the_best_of_parents_and_children_survive() -> None:
    first = [(0, "a", 0.2), (0, "b", 0.8), (0, "c", 0.4)]
    assert names(fittest(history(first), 2)) == ["b", "c"]
    second = [*first, (1, "child of b and c", 0.4), (1, "better child", 0.6), (1, "b", None)]
    assert names(fittest(history(second), 2)) == ["b", "better child"]
    assert names(fittest(history(second), 3)) == ["b", "better child", "c"]


def test_ga_survival_by_generations_is_the_best_of_all() -> None:
    draw = random.Random(3)
    rows = [(number // 6, str(number), draw.randrange(11) / 10) for number in range(36)]
    population: list[Standing] = []
    for generation in range(6):
        children = [standing(text, mean) for round_, text, mean in rows if round_ == generation]
        population = sorted([*population, *children], key=lambda one: -one.mean)[:6]
    assert fittest(history(rows), 6) == tuple(population)


def test_ga_parents_are_drawn_in_proportion_to_their_scores_and_differ() -> None:
    population = [standing("a", 0.6), standing("b", 0.3), standing("c", 0.1), standing("never", 0.0)]
    pairs = [roulette(population, random.Random(seed)) for seed in range(3000)]
    share = Counter(first.instruction for first, _ in pairs)
    assert all(first != second for first, second in pairs)
    assert share["a"] / 3000 == pytest.approx(0.6, abs=0.03)
    assert share["b"] / 3000 == pytest.approx(0.3, abs=0.03)
    assert share["never"] == 0


def test_ga_where_nothing_scored_all_are_as_likely() -> None:
    population = [standing("a", 0.0), standing("b", 0.0), standing("c", 0.0)]
    share = Counter(roulette(population, random.Random(seed))[0].instruction for seed in range(900))
    assert min(share.values()) > 230


def test_de_a_child_takes_its_parents_place_only_if_it_scored_better() -> None:
    first = [(0, "a", 0.5), (0, "b", 0.4), (0, "c", 0.3)]
    assert names(places(history(first), 3)) == ["a", "b", "c"]
    children = [(1, "as good as a", 0.5), (1, "better than b", 0.6), (1, "failed", None)]
    assert names(places(history([*first, *children]), 3)) == ["a", "better than b", "c"]
    grandchildren = [(2, "worse than b was", 0.1), (2, "best", 0.9), (2, "better than c", 0.4)]
    later = history([*first, *children, *grandchildren])
    assert names(places(later, 3)) == ["a", "best", "better than c"]


def test_de_founders_are_the_best_of_the_first_round() -> None:
    first = [(0, "a", 0.1), (0, "b", 0.9), (0, "c", 0.5), (0, "b", None)]
    assert names(places(history(first), 2)) == ["b", "c"]
    # With a population of two the next children are those of the first place, the second, the first …
    more = [(1, "of b", 0.2), (1, "of c", 0.6), (1, "of b again", 1.0)]
    assert names(places(history([*first, *more]), 2)) == ["of b again", "of c"]


def test_de_the_turn_of_places_goes_on_where_a_smaller_round_ended() -> None:
    first = [(0, "a", 0.3), (0, "b", 0.2), (0, "c", 0.1)]
    rounds = [(1, "of a", 0.9), (1, "of b", 0.9), (2, "of c", 0.9), (2, "of a's child", 1.0)]
    assert names(places(history([*first, *rounds]), 3)) == ["of a's child", "of b", "of c"]


def test_de_vacant_places_go_to_the_next_child_and_no_instruction_has_two() -> None:
    first = [(0, "a", 0.5), (0, "a", None), (0, "lost", None)]
    assert names(places(history(first), 3)) == ["a", None, None]
    children = [(1, "bad", 0.0), (1, "a", None), (1, "filled", 0.0)]
    assert names(places(history([*first, *children]), 3)) == ["a", None, "filled"]
    assert places((), 2) == (None, None)


def test_de_the_parts_come_from_two_others() -> None:
    population = [standing(name, 0.5) for name in "abcd"]
    drawn = {differing(population, population[0], random.Random(seed)) for seed in range(60)}
    assert len(drawn) == 6
    assert all(population[0] not in pair and pair[0] != pair[1] for pair in drawn)
