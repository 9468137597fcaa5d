"""The generators: each says what its model is asked, given what was tried so far."""

import random
from typing import Any

from izcore.plugin import BackendContext, Example, GenerateRequest, derive_seed
from izcore_writers.evolution import differing, fittest, founders, places, roulette
from izcore_writers.options import ApeOptions, EvoPromptOptions, OproOptions
from izcore_writers.standings import Standing, best, standings
from izcore_writers.templates import (
    CROSS_AND_MUTATE,
    CROSS_AND_MUTATE_PREFILL,
    EVOLVE_DIFFERENCES,
    EVOLVE_DIFFERENCES_PREFILL,
    OPTIMISE,
    OPTIMISE_PREFILL,
    PROBLEM,
    RESAMPLE,
    SCORED,
    fill,
)
from izcore_writers.writing import Draft, WritingGenerator


class Ape(WritingGenerator):
    """APE with iterative Monte-Carlo search (https://arxiv.org/abs/2211.01910, algorithm 1).

    The first round asks what the instruction behind the demonstrations was; later rounds ask for variations
    of the best instructions so far, in turn.
    """

    def __init__(self, options: ApeOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Ask for proposals, or for variations of the best."""
        settings: dict[str, Any] = {"temperature": self._options.temperature, "room": self._options.room}
        good = best(standings(request.history), self._options.best)
        if not good:
            return self.proposals(request, numbers, **settings)
        parents = [good[number % len(good)].instruction for number in numbers]
        return [Draft(text=fill(RESAMPLE, instruction=text), stand_in=text, **settings) for text in parents]


class Opro(WritingGenerator):
    """OPRO (https://arxiv.org/abs/2309.03409).

    Every step shows the best instructions so far with their scores, the best last, and a few exemplars, and
    asks for one that scores higher, as often as the step has candidates.
    """

    def __init__(self, options: OproOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Ask for a better instruction; for proposals while nothing has a score."""
        good = best(standings(request.history), self._options.trajectory)
        if not good:
            return self.proposals(request, numbers)
        draw = random.Random(derive_seed(request.seed, "exemplars"))
        shown = min(self._options.exemplars, len(request.demonstrations))
        draft = Draft(
            text=meta_prompt(good, draw.sample(request.demonstrations, shown)),
            temperature=self._options.temperature,
            room=self._options.room,
            prefill=OPTIMISE_PREFILL,
            tag="INS",
            stand_in=good[0].instruction,
        )
        return [draft] * len(numbers)


def meta_prompt(good: tuple[Standing, ...], exemplars: list[Example]) -> str:
    """Return OPRO's meta-prompt; ``good`` has the best first, the prompt shows it last."""
    scored = [
        fill(SCORED, instruction=one.instruction, score=str(round(100 * one.mean))) for one in reversed(good)
    ]
    problems = [fill(PROBLEM, input=example.full_input, target=example.targets[0]) for example in exemplars]
    return fill(OPTIMISE, trajectory="\n\n".join(scored), problems="\n\n".join(problems))


class EvoPromptGA(WritingGenerator):
    """EvoPrompt with a genetic algorithm (https://arxiv.org/abs/2309.08532, algorithm 2)."""

    def __init__(self, options: EvoPromptOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Ask to cross and mutate two parents; for proposals while there are no two."""
        population = fittest(request.history, self._options.population)
        if len(population) < 2:
            return self.proposals(request, numbers)
        drafts = []
        for number in numbers:
            draw = random.Random(derive_seed(request.seed, "parents", number))
            first, second = roulette(population, draw)
            drafts.append(
                Draft(
                    text=fill(CROSS_AND_MUTATE, first=first.instruction, second=second.instruction),
                    temperature=self._options.temperature,
                    room=self._options.room,
                    prefill=CROSS_AND_MUTATE_PREFILL,
                    tag="prompt",
                    stand_in=max(first, second, key=lambda parent: parent.worth).instruction,
                )
            )
        return drafts


class EvoPromptDE(WritingGenerator):
    """EvoPrompt with differential evolution (https://arxiv.org/abs/2309.08532, algorithm 3)."""

    def __init__(self, options: EvoPromptOptions, context: BackendContext) -> None:
        super().__init__(options, context)
        self._options = options

    def drafts(self, request: GenerateRequest, numbers: range) -> list[Draft]:
        """Ask for a child for each place in turn; for a proposal where the place is vacant."""
        history = request.history
        population = places(history, self._options.population)
        living = [one for one in population if one is not None]
        before = len(history) - founders(history) if history else 0
        drafts = []
        for number in numbers:
            parent = population[(before + number) % len(population)]
            if parent is None or len(living) < 3:
                drafts += self.proposals(request, range(number, number + 1))
                continue
            draw = random.Random(derive_seed(request.seed, "parents", number))
            first, second = differing(living, parent, draw)
            text = fill(
                EVOLVE_DIFFERENCES,
                first=first.instruction,
                second=second.instruction,
                best=best(living, 1)[0].instruction,
                basic=parent.instruction,
            )
            drafts.append(
                Draft(
                    text=text,
                    temperature=self._options.temperature,
                    room=self._options.room,
                    prefill=EVOLVE_DIFFERENCES_PREFILL,
                    tag="prompt",
                    stand_in=parent.instruction,
                )
            )
        return drafts
