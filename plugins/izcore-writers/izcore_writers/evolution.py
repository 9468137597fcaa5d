"""The evolutionary algorithms of EvoPrompt (https://arxiv.org/abs/2309.08532), as functions of a history."""

import random
from collections.abc import Sequence

from izcore.plugin import Trial
from izcore_writers.standings import Standing, best, standing, standings


def fittest(history: Sequence[Trial], size: int) -> tuple[Standing, ...]:
    """Return the population of the genetic algorithm (algorithm 2), the best first.

    In every generation the best ``size`` of parents and children survive; since an instruction's score does
    not change, these are the best of all so far.
    """
    return best(standings(history), size)


def roulette(population: Sequence[Standing], draw: random.Random) -> tuple[Standing, Standing]:
    """Draw two different parents, each with a probability in proportion to its score.

    ``population`` holds at least two. Where all scores are 0 every one is as likely.
    """
    first = _spin(population, draw)
    return first, _spin([one for one in population if one != first], draw)


def _spin(population: Sequence[Standing], draw: random.Random) -> Standing:
    scores = [one.mean for one in population]
    return draw.choices(population, weights=scores if any(scores) else None)[0]


def founders(history: Sequence[Trial]) -> int:
    """Return how many trials the first round has."""
    return sum(trial.round == history[0].round for trial in history)


def places(history: Sequence[Trial], size: int) -> tuple[Standing | None, ...]:
    """Return the population of differential evolution (algorithm 3): ``size`` places, None if vacant.

    The best of the first round take places. The trials after it are children of one place after the other,
    round and round; a child that scored better than who has the place takes it. A vacant place goes to the
    next child. An instruction has one place at most.
    """
    if not history:
        return (None,) * size
    first = founders(history)
    taken = best(standings(history[:first]), size)
    population: list[Standing | None] = [*taken, *[None] * (size - len(taken))]
    for number, trial in enumerate(history[first:]):
        child, parent = standing(trial), population[number % size]
        lives = any(
            one is not None and child is not None and one.instruction == child.instruction
            for one in population
        )
        if child is not None and not lives and (parent is None or child.worth > parent.worth):
            population[number % size] = child
    return tuple(population)


def differing(
    population: Sequence[Standing], parent: Standing, draw: random.Random
) -> tuple[Standing, Standing]:
    """Draw two different members of a population of at least three, neither of them ``parent``."""
    first, second = draw.sample([one for one in population if one != parent], 2)
    return first, second
