"""The named tasks, as backends."""

from collections.abc import Iterator

from izcore.plugin import TaskRegistration
from izcore_tasks.collections.manifest import read_manifest
from izcore_tasks.collections.options import NumberWordsOptions, PublishedOptions, SyntheticOptions

_SYNTHETIC = {
    "add_numbers": ("AddNumbers", "Add two numbers"),
    "articles": ("Articles", "Put a or an before a noun"),
    "count_letters": ("CountLetters", "Count the letters of a word"),
    "count_words": ("CountWords", "Count the words of a list"),
    "first_letter": ("FirstLetter", "Write the first letter of a word"),
    "larger_number": ("LargerNumber", "Write the larger of two numbers"),
    "last_letter": ("LastLetter", "Write the last letter of a word"),
    "number_words": ("NumberWords", "Write a number in words, in a language of your choice"),
    "plurals": ("Plurals", "Write the plural of a noun"),
    "reverse_words": ("ReverseWords", "Write words in the opposite order"),
    "second_letter": ("SecondLetter", "Write the second letter of a word"),
    "sort_numbers": ("SortNumbers", "Sort numbers, smallest first"),
    "sort_words": ("SortWords", "Sort words by the alphabet"),
    "spell_word": ("SpellWord", "Write a word letter by letter"),
    "subtract_numbers": ("SubtractNumbers", "Subtract the second number from the first"),
}


def collection_backends() -> list[TaskRegistration]:
    """Return the published, the synthetic and the bundled tasks."""
    return [*_published(), *_synthetic(), _demo()]


def _published() -> Iterator[TaskRegistration]:
    for name, task in read_manifest().tasks.items():
        yield TaskRegistration(
            name=name,
            summary=f"{task.summary} ({task.upstream})",
            factory="izcore_tasks.collections.published:PublishedTask",
            options=PublishedOptions,
            defaults={"name": name},
        )


def _synthetic() -> Iterator[TaskRegistration]:
    for name, (factory, summary) in _SYNTHETIC.items():
        in_words = name == "number_words"
        yield TaskRegistration(
            name=name,
            summary=f"{summary} (synthetic)",
            factory=f"izcore_tasks.collections.synthetic:{factory}",
            install="pip install 'izcore-tasks[synthetic]'",
            options=NumberWordsOptions if in_words else SyntheticOptions,
            argument="language" if in_words else "",
        )


def _demo() -> TaskRegistration:
    return TaskRegistration(
        name="demo",
        summary="Name the language that is spoken where somebody is from (bundled, for a first try)",
        factory="izcore_tasks.collections.demo:DemoTask",
    )
