"""What of a completion is the answer: not what was thought before it, nor tokens that end a turn."""

import pytest

from izcore.config.schema import ReasoningMarks
from izcore.plugin import Completion
from izcore.scoring.reasoning import count_finishes, read_answer, read_marked_answer

MARKS = ReasoningMarks()


def read(text: str, finish: str = "stop", marks: ReasoningMarks = MARKS) -> Completion:
    return read_answer(Completion(text=text, finish=finish), marks)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "<think>It rains.</think>\nblue",
        "It rains.\n</think>\n\nblue",
        "<THINKING>\nIt rains.\n</Thinking> blue",
        "[THINK]It rains.[/THINK]blue",
        "◁think▷It rains.◁/think▷blue",
        "<reasoning>It rains.</reasoning>\n\nblue<|im_end|>",
        "Well.\n<think>It rains.</think>\nblue",
        "<think>It rains.</think><think>It pours.</think>blue",
        "<think>It <think>rains</think>.</think>blue",
        "<think>It rains.</think><answer>blue</answer>",
        "<|channel|>analysis<|message|>It rains.<|end|>"
        "<|start|>assistant<|channel|>final<|message|>blue<|return|>",
        "It rains.<|end|><|start|>assistant<|channel|>final<|message|>blue",
        "analysisIt rains.assistantfinalblue",
        "Here is my thought process: It rains. Here is my response: blue",
    ],
)
def test_the_answer_is_what_follows_the_reasoning(text: str) -> None:
    completion = read(text)
    assert completion.text == "blue"
    assert "rains" in completion.reasoning
    assert completion.finish == "stop"


@pytest.mark.parametrize("text", ["<think>It rai", "<|channel|>analysis<|message|>It rai", "[THINK]\nIt rai"])
@pytest.mark.parametrize("finish", ["stop", "length"])
def test_an_answer_cut_among_its_reasoning_is_cut_and_empty(text: str, finish: str) -> None:
    completion = read(text, finish)
    assert (completion.text, completion.finish) == ("", "length")
    assert "It rai" in completion.reasoning


@pytest.mark.parametrize(
    "text",
    [
        "blue",
        " blue\n",
        "Close it with `</think>`, then answer.",
        'The tag "<think>" opens it.',
        "```xml\n<think>hm</think>\n```",
        "In XML, `<reasoning>a</reasoning>` is an element.",
        "Use <s>old</s>",
        "analysis of the assistant",
    ],
)
def test_an_answer_that_only_mentions_marks_is_left_alone(text: str) -> None:
    assert read(text) == Completion(text=text)


@pytest.mark.parametrize(
    "token", ["</s>", "<|eot_id|>", "<end_of_turn>\n", "<|im_end|><|endoftext|>", "<eos>"]
)
def test_tokens_that_end_a_turn_are_no_part_of_the_answer(token: str) -> None:
    assert read(f"blue{token}").text == "blue"


def test_what_a_provider_keeps_apart_stays_with_the_rest() -> None:
    completion = Completion(text="<think>b</think>c", reasoning="a")
    assert read_answer(completion, MARKS) == Completion(text="c", reasoning="a\nb")


def test_the_reader_can_be_switched_off_and_given_other_marks() -> None:
    assert read("<think>a</think>b", marks=ReasoningMarks(read=False)).text == "<think>a</think>b"
    assert read("(a) b", marks=ReasoningMarks(marks=(("(", ")"),))).text == "b"


def test_answers_without_a_word_are_counted() -> None:
    completions = [Completion(text=" "), Completion(text="a"), Completion(text="", finish="filtered")]
    assert count_finishes(completions, MARKS) == {"empty": 1, "filtered": 1, "stop": 1}


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("Two and two.\nAnswer: 4", "4", "Two and two."),
        ("The answer: no. Wait.\n**Answer:** yes", "yes", "The answer: no. Wait."),
        ("answer: 4", "4", ""),
        ("Four.", "Four.", ""),
    ],
)
def test_what_stands_behind_the_last_mark_is_the_answer(text: str, answer: str, reasoning: str) -> None:
    read = read_marked_answer(Completion(text=text), "Answer:")
    assert (read.text, read.reasoning) == (answer, reasoning)
    assert read_marked_answer(Completion(text=text), "").text == text
