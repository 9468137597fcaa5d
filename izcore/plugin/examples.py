"""Records of tasks and metrics: examples, their splits, and how answers are scored."""

from collections.abc import Iterable, Mapping

import msgspec

from izcore.plugin.calls import Image, Message, Prompt
from izcore.plugin.record import Record


class Example(Record, omit_defaults=True):
    """One input with one or several acceptable targets.

    ``choices`` lists all answers to choose from where the task is multiple choice, else is empty. ``fields``
    are what else belongs to the input, by name, such as the passage that a question is about: a prompt
    template shows a field where it names it. The input may stand among them too, under a name of its own.
    In a run, an example has the fields that the run's template names, in the template's order.

    Where the example is a conversation, ``input`` is the user's last message and ``turns`` are the messages
    before it. ``images`` are shown with the input.
    """

    input: str
    targets: tuple[str, ...]
    # The factory has it written even where it is empty: the fingerprints of older runs contain it.
    choices: tuple[str, ...] = msgspec.field(default_factory=lambda: ())
    fields: Mapping[str, str] = {}
    turns: tuple[Message, ...] = ()
    images: tuple[Image, ...] = ()

    def __hash__(self) -> int:
        return hash((self.input, self.targets, self.choices, self.turns, self.images, *self.fields.items()))

    @property
    def full_input(self) -> str:
        """The input with all that belongs to it, for a reader who does not see the prompt: a writer, a judge.

        It is the input alone where no field says more, else a line for each field that is not blank, after
        its name, and at last the input where it is not among them. A line stands for each image. Of a
        conversation all turns are there, and each says who speaks.
        """
        last = Message(role="user", text=self._input_with_fields, images=self.images)
        *turns, last = map(_with_labels, (*self.turns, last))
        return Prompt(text=last.text, turns=tuple(turns)).folded().text

    @property
    def _input_with_fields(self) -> str:
        if all(value == self.input for value in self.fields.values()):
            return self.input
        named = (
            dict(self.fields) if self.input in self.fields.values() else {**self.fields, "input": self.input}
        )
        return "\n".join(f"{field_label(name)}: {value}" for name, value in named.items() if value.strip())


def _with_labels(message: Message) -> Message:
    """Return a message with a line for each of its images, which tells it from others, in its text."""
    lines = [message.text, *(f"[image {image.label}]" for image in message.images)]
    return Message(role=message.role, text="\n".join(lines))


def field_label(name: str) -> str:
    """Return what a field is called before its text: ``source_text`` is ``Source text``."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def field_names(examples: Iterable[Example]) -> tuple[str, ...]:
    """Return the names of all fields that examples have, in the order in which they first occur."""
    return tuple(dict.fromkeys(name for example in examples for name in example.fields))


class LoadRequest(Record):
    """What a task backend is told when it shall load: the seed for data that it makes itself."""

    seed: int = 0


class TaskData(Record):
    """What a task backend loads: examples, and what is known about how to score them.

    ``examples`` feeds demonstrations, and validation and test too where ``validation_examples`` or
    ``test_examples`` is empty.
    ``metric`` is a metric's name (``name`` or ``name:argument``). ``prompt_template`` holds
    ``{instruction}``, and ``{input}`` or the names of fields; empty means the default.
    ``human_instructions`` are instructions that people wrote for the task. ``notes`` says what was guessed
    while loading (column names …).
    """

    name: str
    examples: tuple[Example, ...]
    test_examples: tuple[Example, ...] = ()
    metric: str = "exact_match"
    prompt_template: str = ""
    description: str = ""
    human_instructions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    validation_examples: tuple[Example, ...] = ()


class FetchRequest(Record):
    """Asks a task backend to put its data into ``data_dir``, from a local folder if one is given."""

    data_dir: str
    from_folder: str | None = None


class FetchResult(Record):
    """What was fetched: the files now in place (empty for a task that needs no download)."""

    files: tuple[str, ...] = ()


class Splits(Record):
    """A task's examples as one run uses them; they never overlap, and only ``retest`` may be empty.

    ``retest`` are fresh validation examples, on which the finalists of a search are compared once more.
    """

    demonstrations: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    retest: tuple[Example, ...] = ()


class MetricRequest(Record):
    """Answers and the examples they answer, in the same order and of the same length.

    ``attempt`` counts how often the run stopped because something failed, and goes on. A metric that asks a
    model asks it again, then, for a grade that it did not give before.
    """

    answers: tuple[str, ...]
    examples: tuple[Example, ...]
    attempt: int = 0


class MetricResult(Record):
    """One score in [0, 1] per answer, in order; None where an answer could not be graded."""

    scores: tuple[float | None, ...]


class Agreement(Record):
    """How far a metric agrees with itself on answers that it graded twice.

    ``share`` of the ``n`` answers got the same score; ``difference`` is the mean distance of the two scores.
    """

    share: float
    difference: float
    n: int
