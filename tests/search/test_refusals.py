"""Refusing instructions: what gives answers away costs no call, and no ordinary sentence is refused."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import Example
from izcore.search.refusals import LEAK, MARK_UP, REPEAT, Refusals

GOODS = ("keyboard", "desk lamp", "French press", "phone", "Model T-shirt XL", "umbrella stand")
MESSAGES = [
    Example(input=f"Hi, order number {7000 + i} came without the {name}.", targets=(name,))
    for i, name in enumerate(GOODS)
]
REVIEWS = [
    Example(input=f"The {thing} was {word} on day {i}.", targets=(label,))
    for i, thing in enumerate(("soup", "bread", "room"))
    for word, label in (("lovely", "positive"), ("stale", "negative"))
]
SUMS = [Example(input=f"{a} and {b}", targets=(str(a + b),)) for a, b in ((0, 1), (7, 5), (40, 2))]
OPPOSITES = [Example(input=a, targets=(b,)) for a, b in (("hot", "cold"), ("near", "far"), ("yes", "no"))]
WORDS = st.sampled_from(
    ["name", "the", "product", "that", "is", "missing", "from", "this", "and", "only", "please"]
)
SENTENCES = st.lists(WORDS, max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("examples", "instruction", "reason"),
    [
        (MESSAGES, "Name what is missing. Ground truth answer: keyboard", MARK_UP),
        (MESSAGES, "The answer is keyboard.", LEAK),
        (MESSAGES, 'Name the product, for example "phone".', LEAK),
        (MESSAGES, "Name the product, such as a keyboard.", LEAK),
        (MESSAGES, "Keyboard.", LEAK),
        (MESSAGES, "Write umbrella stand.", LEAK),
        (MESSAGES, "Answer: Hi, order number 7003 came without the phone.", REPEAT),
        (MESSAGES, "Say what order number 7001 came without the desk lamp means.", REPEAT),
        (OPPOSITES, "Input: hot Output: cold", REPEAT),
        (OPPOSITES, "Write the opposite, as near is to far.", REPEAT),
        (SUMS, "The result is 42.", LEAK),
        (REVIEWS, "Write positive for: The soup was lovely on day 0.", REPEAT),
        (MESSAGES, "<INS>Name the product.</INS>", MARK_UP),
        (MESSAGES, "Name the product.<|im_end|>", MARK_UP),
        (MESSAGES, "I gave a friend an instruction to name the product.", MARK_UP),
    ],
)
def test_what_gives_answers_away_or_holds_mark_up_is_refused(
    examples: Sequence[Example], instruction: str, reason: str
) -> None:
    assert Refusals(examples).why(instruction) in (reason, REPEAT)
    assert Refusals(list(reversed(examples))).why(instruction)


@pytest.mark.parametrize(
    ("examples", "instruction"),
    [
        (MESSAGES, "Name the product that the message is about, and nothing else."),
        (MESSAGES, "Which item did the customer not get? Reply with its name alone, in lower case."),
        (MESSAGES, "Wrap the product in <answer> tags."),
        (REVIEWS, "Answer positive or negative."),
        (REVIEWS, 'The label is "positive" if the review praises something, else it is "negative".'),
        (SUMS, "Write the 1 number that is the sum of the 2 numbers, in digits."),
        (SUMS, "Add the two numbers. The answer is 1 number."),
        (OPPOSITES, "Write the opposite of the word; no other word, and no full stop."),
        (OPPOSITES, "Is the answer no word that is known? Then guess."),
    ],
)
def test_ordinary_instructions_are_not_refused(examples: Sequence[Example], instruction: str) -> None:
    assert Refusals(examples).why(instruction) == ""


@given(SENTENCES, st.sampled_from(["1", "0", "yes", "no", "it", "3.5", "a", "the", "name", "write"]))
def test_short_and_common_targets_refuse_no_sentence(sentence: str, target: str) -> None:
    examples = [Example(input="which?", targets=(target,)), *MESSAGES]
    assert Refusals(examples).why(f"{sentence} the product.") == ""


@given(SENTENCES, SENTENCES, st.sampled_from(MESSAGES), st.booleans())
def test_an_input_is_found_wherever_it_stands(before: str, after: str, example: Example, loud: bool) -> None:
    shown = example.full_input.upper() if loud else example.full_input
    assert Refusals(MESSAGES).why(f"{before}: {shown} {after}") == REPEAT


LABELS = st.sampled_from(["billing", "returns", "other", "lost parcel"])


@given(st.sets(LABELS, min_size=2), st.integers(3, 6))
def test_labels_may_be_named(labels: set[str], times: int) -> None:
    examples = [
        Example(input=f"message {i} of {label}", targets=(label,)) for label in labels for i in range(times)
    ]
    listed = ", ".join(sorted(labels))
    assert Refusals(examples).why(f"The answer is one of: {listed}. Write only the label.") == ""


@given(st.text(max_size=200), st.lists(st.tuples(st.text(min_size=1, max_size=40), st.text(max_size=20))))
def test_any_text_is_judged(instruction: str, pairs: list[tuple[str, str]]) -> None:
    examples = [Example(input=shown, targets=(target,)) for shown, target in pairs]
    assert Refusals(examples).why(instruction) in ("", LEAK, MARK_UP, REPEAT)
