"""The marks that models set around what they think, for scorers that write prompts down to their end."""

REASONING_MARKS = (
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reasoning>", "</reasoning>"),
    ("<reason>", "</reason>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|think|>", "<|/think|>"),
    ("<|channel>thought", "<channel|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("Here is my thought process:", "Here is my response:"),
)
"""What models write before and after what they think."""


def opened_reasoning(prompt: str) -> tuple[str, str] | None:
    """Return the marks of the block of reasoning that the end of ``prompt`` opens; None if it opens none.

    Some chat templates open the block themselves, so that the model's text begins within it.
    """
    end = prompt.rstrip().lower()
    return next((marks for marks in REASONING_MARKS if end.endswith(marks[0].lower())), None)


def answer_start(text: str) -> int | None:
    """Return where the answer begins in a text that may begin with reasoning; None while that goes on."""
    lower = text.lower()
    said = lower.lstrip()
    for opening, closing in REASONING_MARKS:
        if said.startswith(opening.lower()):
            end = lower.find(closing.lower())
            return None if end < 0 else end + len(closing)
    return 0
