"""A run sees of its examples what its prompts show."""

import msgspec
import pytest

from izcore.engine.splits import fingerprint
from izcore.engine.template import choose_template, data_as_shown
from izcore.plugin.errors import ConfigError
from izcore.plugin.examples import Example, TaskData
from izcore.scoring.prompt import DEFAULT_TEMPLATE

PAIRS = (
    ("A dog barks.", "A pet is loud.", "yes", "1"),
    ("A dog barks.", "It is quiet.", "no", "2"),
    ("It rains.", "It is quiet.", "maybe", "3"),
    ("It rains.", "It is quiet.", "no", "4"),
)
BOTH = "{instruction}\n\n{premise} {hypothesis}\nAnswer:"


def inference() -> TaskData:
    examples = tuple(
        Example(input=h, targets=(label,), fields={"premise": p, "hypothesis": h, "row": row})
        for p, h, label, row in PAIRS
    )
    return TaskData(name="inference", examples=examples)


def test_fields_that_the_template_names_are_kept_in_its_order() -> None:
    data = data_as_shown(inference(), BOTH)
    assert data.examples[0].fields == {"premise": "A dog barks.", "hypothesis": "A pet is loud."}
    assert data.examples[0].full_input == "Premise: A dog barks.\nHypothesis: A pet is loud."


def test_examples_differ_where_the_prompts_do() -> None:
    data = data_as_shown(inference(), BOTH)
    assert [example.targets for example in data.examples] == [("yes",), ("no",), ("maybe",)]
    assert data.notes[0].startswith(
        "1 example with the input of an earlier one left out; 1 of them had other"
    )
    assert len(data_as_shown(inference(), DEFAULT_TEMPLATE).examples) == 2


def test_fields_that_are_not_shown_are_named() -> None:
    assert data_as_shown(inference(), DEFAULT_TEMPLATE).notes[-1].startswith("Not used: 'premise', 'row'. ")
    assert data_as_shown(inference(), BOTH).notes[-1].startswith("Not used: 'row'. ")
    assert (
        data_as_shown(inference(), "{instruction} {premise}")
        .notes[-1]
        .startswith("Not used: 'hypothesis', 'row'. ")
    )


def test_a_test_example_is_no_other_example() -> None:
    data = msgspec.structs.replace(inference(), test_examples=inference().examples[:1])
    shown = data_as_shown(data, BOTH)
    assert [example.targets for example in shown.examples] == [("no",), ("maybe",)]
    assert "1 example left out: a held-out example has the same input." in shown.notes


def test_a_validation_example_is_none_to_search_with() -> None:
    data = msgspec.structs.replace(inference(), validation_examples=inference().examples[:1])
    shown = data_as_shown(data, BOTH)
    assert len(shown.validation_examples) == 1
    assert [example.targets for example in shown.examples] == [("no",), ("maybe",)]


def test_what_is_not_shown_changes_no_run() -> None:
    """An older version read no such fields; its runs go on."""
    plain = tuple(Example(input=e.input, targets=e.targets) for e in inference().examples[:2])
    data = msgspec.structs.replace(inference(), examples=inference().examples[:2], prompt_template=BOTH)
    assert fingerprint(data_as_shown(data, DEFAULT_TEMPLATE)) == fingerprint(
        TaskData(name="inference", examples=plain)
    )


def test_examples_without_fields_are_written_as_they_always_were() -> None:
    example = Example(input="a", targets=("b",))
    assert msgspec.json.encode(example) == b'{"input":"a","targets":["b"],"choices":[]}'
    assert msgspec.json.decode(msgspec.json.encode(inference()), type=TaskData) == inference()


def test_a_template_that_does_not_fit_the_task_is_refused() -> None:
    assert choose_template(inference(), BOTH, "one-message") == BOTH
    with pytest.raises(ConfigError, match=r"no field 'passage'; there are \{premise\}, \{hypothesis\}, "):
        choose_template(inference(), "{instruction} {passage}", "one-message")
