"""A task while it is being read: its examples, and everything that is wrong or worth saying."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from izcore.plugin import DataError, Example, Image, Message, TaskData, field_label
from izcore_tasks.files.sources import stem_of
from izcore_tasks.options import FileOptions

NO_TARGET = "no target"
ONLY_IMAGES = "(image)"
"""The input of an example that has images and no text."""


@dataclass
class Draft:
    """Collects examples, notes and problems of one file; :func:`finish` makes a task of them.

    ``label`` is what messages call the file; ``unit`` is what its places are counted in (line, example).
    A problem belongs to a place, or to the whole file. ``main_field`` is the name under which the input
    stands among the fields, if it does; ``input_fields`` are the fields that make the input together, if
    there are several. Images have paths relative to ``folder``. ``turns`` and ``images`` are those of
    examples, by their places, where an example is a conversation or shows images.
    """

    name: str
    label: str
    unit: str = "line"
    metric: str = "exact_match"
    description: str = ""
    human_instructions: tuple[str, ...] = ()
    empty_targets: bool = False
    main_field: str = ""
    input_fields: tuple[str, ...] = ()
    folder: str = ""
    turns: dict[int | str, tuple[Message, ...]] = field(default_factory=dict)
    images: dict[int | str, tuple[Image, ...]] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _problems: list[tuple[int, str]] = field(default_factory=list, init=False)
    _faulty: set[int | str] = field(default_factory=set, init=False)

    def add(
        self,
        place: int | str,
        text: str,
        targets: Sequence[str],
        choices: Sequence[str] = (),
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Add an example, or the problem that keeps it from being one; nothing where one is known already.

        The main field is replaced with the input, which may have become longer. Blank targets do not count.
        Where ``empty_targets`` is set, nothing is the right answer to an example that has no other target.
        """
        if place in self._faulty:
            return
        targets = [target for target in targets if target and not target.isspace()]
        if not targets and self.empty_targets:
            targets = [""]
        turns, images = self.turns.get(place, ()), self.images.get(place, ())
        text = text if text.strip() or not images else ONLY_IMAGES
        fields = dict(fields or {})
        if self.main_field in fields:
            fields[self.main_field] = text
        shown = (text, *(fields.get(name, "") for name in self.input_fields))
        if not any(part.strip() for part in shown):
            self.problem(place, "no input")
        elif not targets:
            self.problem(place, NO_TARGET)
        elif not _encodes("".join((*shown, *targets, *choices, *(turn.text for turn in turns)))):
            self.problem(place, "half a character (a lone surrogate, \\ud800 to \\udfff)")
        else:
            self.examples.append(
                Example(
                    input=text,
                    targets=tuple(dict.fromkeys(targets)),
                    choices=tuple(dict.fromkeys(choices)),
                    fields=fields,
                    turns=turns,
                    images=images,
                )
            )

    def problem(self, place: int | str, text: str) -> None:
        """Note what is wrong at a place; places that are not numbers are noted in their order."""
        self._faulty.add(place)
        self._problems.append((place if isinstance(place, int) else 0, f"{self.unit} {place}: {text}"))

    def file_problem(self, text: str) -> None:
        """Note what is wrong with the whole file."""
        self._problems.append((0, text))

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that is wrong, in the order of the file."""
        if not self.examples and not self._problems:
            return ("no examples",)
        return tuple(text for _, text in sorted(self._problems, key=itemgetter(0)))


def new_draft(path: Path, options: FileOptions, unit: str) -> Draft:
    """Return an empty draft for the file at ``path``."""
    return Draft(
        name=stem_of(path),
        label=str(path),
        unit=unit,
        folder=str(path.parent),
        metric="choice" if options.choices else "exact_match",
        empty_targets=options.empty_targets,
    )


def finish(draft: Draft, test: Draft | None = None, validation: Draft | None = None) -> TaskData:
    """Make a task of a draft, and of others with the test and the validation examples.

    Of examples with the same input and fields the first stays; what is a test example is no other example,
    and what is a validation example is none of the rest, so that splits cannot overlap. Raises DataError with
    the problems of all drafts.
    """
    drafts = [each for each in (draft, test, validation) if each]
    _raise_problems(drafts)
    notes = list(dict.fromkeys(note for each in drafts for note in each.notes))
    examples = _without_repeats(draft, "example", notes)
    test_examples = _without_repeats(test, "test example", notes) if test else ()
    validation_examples = _without_repeats(validation, "validation example", notes) if validation else ()
    foreign = sum(
        1 for example in examples if example.choices and not set(example.targets) & set(example.choices)
    )
    if foreign:
        notes.append(f"{_count(foreign, 'example')} with no target among the choices; check both columns.")
    validation_examples = _apart(validation_examples, test_examples, "validation example", "test", notes)
    examples = _apart(examples, test_examples, "example", "test", notes)
    examples = _apart(examples, validation_examples, "example", "validation", notes)
    if not examples:
        held_out = "test" if not validation_examples else "test or validation"
        raise DataError(
            f"Every example of {draft.label} is a {held_out} example too; none is left to search with."
        )
    return TaskData(
        name=draft.name,
        examples=examples,
        test_examples=test_examples,
        validation_examples=validation_examples,
        metric=draft.metric,
        prompt_template=_template(draft.input_fields),
        description=draft.description,
        human_instructions=draft.human_instructions,
        notes=tuple(notes),
    )


def _template(fields: Sequence[str]) -> str:
    """Return the template that shows several fields as the input; empty, the default one, where it is one."""
    if not fields:
        return ""
    shown = "".join(f"{field_label(name)}: {{{name}}}\n" for name in fields)
    return f"Instruction: {{instruction}}\n\n{shown}Output:"


def _look(example: Example) -> Hashable:
    """Return what examples have in common whose prompts are the same, whatever the template."""
    fields = (each for each in example.fields.items() if each[1] != example.input)
    return (example.input, *fields, *example.turns, *(image.identity for image in example.images))


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _raise_problems(drafts: Sequence[Draft]) -> None:
    faulty = [each for each in drafts if each.problems]
    problems = [
        f"{each.label}, {problem}" if len(drafts) > 1 else problem
        for each in faulty
        for problem in each.problems
    ]
    if problems:
        labels = " and ".join(each.label for each in faulty)
        empty = any(problem.endswith(f": {NO_TARGET}") for problem in problems)
        raise DataError(
            f"{labels} cannot be used: {_count(len(problems), 'problem')}.",
            hint="If nothing is the right answer there, say so: --set task.empty_targets=true"
            if empty
            else "",
            problems=problems,
        )


def _without_repeats(draft: Draft, noun: str, notes: list[str]) -> tuple[Example, ...]:
    """Return the first example of each input; note how many others there were, and how many contradict it."""
    first: dict[Hashable, Example] = {}
    conflicts = 0
    for example in draft.examples:
        kept = first.setdefault(_look(example), example)
        conflicts += set(kept.targets) != set(example.targets)
    repeats = len(draft.examples) - len(first)
    if repeats:
        other = f"; {conflicts} of them had other targets, so labels conflict" if conflicts else ""
        notes.append(f"{_count(repeats, noun)} with the input of an earlier one left out{other}.")
    return tuple(first.values())


def _apart(
    examples: Sequence[Example], held_out: Sequence[Example], noun: str, split: str, notes: list[str]
) -> tuple[Example, ...]:
    """Return the examples that are not held out as well, and note how many are."""
    sealed = set(map(_look, held_out))
    apart = tuple(example for example in examples if _look(example) not in sealed)
    moved = len(examples) - len(apart)
    if moved:
        notes.append(f"{_count(moved, noun)} kept for the {split} only, as the input is there too.")
    return apart


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
