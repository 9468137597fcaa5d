"""Synthetic tasks: examples made on this machine from the seed, without a download.

Language facts come from inflect (English plurals and articles) and num2words (numbers in words). The
nouns are a list of this package, so that the same seed makes the same examples for good.
"""

import random
from abc import abstractmethod
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

import inflect
import num2words

from izcore.plugin import (
    BackendContext,
    ConfigError,
    DataError,
    Example,
    LoadRequest,
    Task,
    TaskData,
    derive_seed,
    nearest_names,
)
from izcore_tasks.collections.options import NumberWordsOptions, SyntheticOptions

_PATIENCE = 10_000
"""Draws in a row without a new input after which there is taken to be none."""

_LARGEST_NUMBER = 9_999
"""Of the numbers that are written in words."""


@cache
def nouns() -> tuple[str, ...]:
    """Return the common English nouns of this package, sorted."""
    return tuple((Path(__file__).parent / "nouns.txt").read_text(encoding="utf-8").split())


@cache
def _english() -> inflect.engine:
    return inflect.engine()


class SyntheticTask(Task):
    """Draws examples until there are ``size`` different inputs."""

    name: ClassVar[str]
    description: ClassVar[str]
    metric: ClassVar[str] = "exact_match"

    def __init__(self, options: SyntheticOptions, context: BackendContext) -> None:
        self._size = options.size

    def load(self, request: LoadRequest) -> TaskData:
        """Make the examples; raises DataError if there are fewer different ones than wanted."""
        draw = random.Random(derive_seed(request.seed, self.name))
        examples: dict[str, Example] = {}
        patience = _PATIENCE
        while len(examples) < self._size:
            text, *targets = self._draw(draw)
            if text in examples:
                patience -= 1
                if not patience:
                    raise DataError(
                        f"{self.name}: there are {len(examples)} different examples, "
                        f"and task.size asks for {self._size}.",
                        hint=f"Lower it: --set task.size={len(examples)}",
                    )
                continue
            patience = _PATIENCE
            examples[text] = Example(input=text, targets=tuple(targets))
        return TaskData(
            name=self.name,
            examples=tuple(examples.values()),
            metric=self.metric,
            description=self.description,
        )

    @abstractmethod
    def _draw(self, draw: random.Random) -> Sequence[str]:
        """Return an input and its targets."""


class Plurals(SyntheticTask):
    """dog: dogs."""

    name = "plurals"
    description = "Write the plural of an English noun."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, _english().plural_noun(noun)


class Articles(SyntheticTask):
    """owl: an owl."""

    name = "articles"
    description = "Put a or an before an English noun."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, _english().a(noun)


class FirstLetter(SyntheticTask):
    """dog: d."""

    name = "first_letter"
    description = "Write the first letter of a word."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, noun[0]


class SecondLetter(SyntheticTask):
    """dog: o."""

    name = "second_letter"
    description = "Write the second letter of a word."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, noun[1]


class LastLetter(SyntheticTask):
    """dog: g."""

    name = "last_letter"
    description = "Write the last letter of a word."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, noun[-1]


class SpellWord(SyntheticTask):
    """dog: d o g."""

    name = "spell_word"
    description = "Write a word letter by letter, with spaces between."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, " ".join(noun)


class CountLetters(SyntheticTask):
    """dog: 3."""

    name = "count_letters"
    description = "Count the letters of a word."
    metric = "number"

    def _draw(self, draw: random.Random) -> Sequence[str]:
        noun = draw.choice(nouns())
        return noun, str(len(noun))


class CountWords(SyntheticTask):
    """dog apple boat: 3."""

    name = "count_words"
    description = "Count the words of a list."
    metric = "number"

    def _draw(self, draw: random.Random) -> Sequence[str]:
        words = draw.sample(nouns(), draw.randint(2, 9))
        return " ".join(words), str(len(words))


class SortWords(SyntheticTask):
    """dog apple boat: apple boat dog."""

    name = "sort_words"
    description = "Sort words by the alphabet."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        words = draw.sample(nouns(), draw.randint(3, 6))
        return " ".join(words), " ".join(sorted(words))


class ReverseWords(SyntheticTask):
    """dog apple boat: boat apple dog."""

    name = "reverse_words"
    description = "Write words in the opposite order."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        words = draw.sample(nouns(), draw.randint(3, 6))
        return " ".join(words), " ".join(reversed(words))


class SortNumbers(SyntheticTask):
    """31 7 64: 7 31 64."""

    name = "sort_numbers"
    description = "Sort numbers, smallest first."

    def _draw(self, draw: random.Random) -> Sequence[str]:
        numbers = draw.sample(range(100), draw.randint(3, 6))
        return " ".join(map(str, numbers)), " ".join(map(str, sorted(numbers)))


class AddNumbers(SyntheticTask):
    """31 7: 38."""

    name = "add_numbers"
    description = "Add two numbers."
    metric = "number"

    def _draw(self, draw: random.Random) -> Sequence[str]:
        first, second = draw.randrange(100), draw.randrange(100)
        return f"{first} {second}", str(first + second)


class SubtractNumbers(SyntheticTask):
    """31 7: 24."""

    name = "subtract_numbers"
    description = "Subtract the second number from the first."
    metric = "number"

    def _draw(self, draw: random.Random) -> Sequence[str]:
        first, second = draw.randrange(100), draw.randrange(100)
        return f"{first} {second}", str(first - second)


class LargerNumber(SyntheticTask):
    """31 7: 31."""

    name = "larger_number"
    description = "Write the larger of two numbers."
    metric = "number"

    def _draw(self, draw: random.Random) -> Sequence[str]:
        first, second = draw.sample(range(1000), 2)
        return f"{first} {second}", str(max(first, second))


class NumberWords(SyntheticTask):
    """42: forty-two."""

    name = "number_words"
    description = "Write a number in words."
    # Hyphens, commas and English "and" between the words differ from writer to writer.
    metric = "exact_match:paper"

    def __init__(self, options: NumberWordsOptions, context: BackendContext) -> None:
        """Raises ConfigError for a language that num2words does not have, or not in this form."""
        super().__init__(options, context)
        self._language = options.language
        self._form = options.form
        languages = num2words.CONVERTER_CLASSES
        if self._language not in languages:
            raise ConfigError(
                f"task.language: num2words has no language {self._language!r}.",
                hint=nearest_names(self._language, languages),
            )
        self._in_words(_LARGEST_NUMBER)

    def _draw(self, draw: random.Random) -> Sequence[str]:
        number = draw.randint(1, _LARGEST_NUMBER)
        return str(number), self._in_words(number)

    def _in_words(self, number: int) -> str:
        try:
            return str(num2words.num2words(number, lang=self._language, to=self._form))
        except Exception as error:  # each language is a module of its own, with failures of its own
            raise ConfigError(
                f"task.form: num2words has no {self._form} for {number} in {self._language!r} "
                f"({type(error).__name__}).",
                hint="Take another form or language.",
            ) from None
