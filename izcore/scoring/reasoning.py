"""Tells a model's answer from what it thought before, and from tokens that only end its turn."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from izcore.config.schema import ReasoningMarks
from izcore.plugin.calls import Completion, FinishReason
from izcore.plugin.reasoning import REASONING_MARKS

USUAL_MARKS = ReasoningMarks()
END_TOKENS = (
    *("</s>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"),
    *("<|end|>", "<|return|>", "<eos>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>"),
)
_WRAPPERS = (
    ("<answer>", "</answer>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
)
"""Some models that reason wrap what follows, too."""
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(\w+)[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(.*?)(?=<\|(?:end|return|call|start|channel)\|>|\Z)",
    re.DOTALL,
)
_BARE_CHANNELS = re.compile(r"\Aanalysis(.*?)assistant\s?final(.*)\Z", re.DOTALL)
"""Channels of a server that took their marks away."""
_QUOTES = "`\"'“”‘’«»"


def read_answer(completion: Completion, marks: ReasoningMarks) -> Completion:
    """Return a completion whose text is the answer alone, and whose reasoning is what was thought before.

    An answer that was cut while the model still reasoned is empty and ended by ``length``. One that ended by
    itself without a word is ``empty``. Marks in code or quotes, which are only mentioned, are left alone.
    """
    if marks.read:
        completion = _read(completion, marks)
    if completion.finish == "stop" and not completion.text.strip():
        return msgspec.structs.replace(completion, finish="empty")
    return completion


def read_marked_answer(completion: Completion, mark: str) -> Completion:
    """Return a completion whose text is what stands behind the last ``mark``, in whatever case.

    What stands before it counts as reasoning. A text without the mark is left as it is, and so is every text
    where there is no mark to look for. Emphasis around mark and answer, as in Markdown, is no part of either.
    """
    found = list(re.finditer(re.escape(mark), completion.text, re.IGNORECASE)) if mark else []
    if not found:
        return completion
    last = found[-1]
    before = completion.text[: last.start()].rstrip("*_ \n")
    return msgspec.structs.replace(
        completion,
        text=completion.text[last.end() :].strip("*_ \n"),
        reasoning="\n".join(text for text in (completion.reasoning, before) if text),
    )


def count_finishes(completions: Iterable[Completion], marks: ReasoningMarks) -> dict[FinishReason, int]:
    """Count completions, as scorers returned them, by how their answers ended."""
    counts = Counter(read_answer(completion, marks).finish for completion in completions)
    return dict(sorted(counts.items()))


def _read(completion: Completion, marks: ReasoningMarks) -> Completion:
    text = without_end_tokens(completion.text)
    split = _by_channels(text) or _by_marks(text, marks)
    if split is None:
        same = text == completion.text
        return completion if same else msgspec.structs.replace(completion, text=text)
    thought, answer = split
    reasoning = "\n".join(part for part in (completion.reasoning, thought.strip()) if part)
    cut = answer is None and completion.finish == "stop"
    return msgspec.structs.replace(
        completion,
        text=_unwrapped(without_end_tokens((answer or "").strip())),
        reasoning=reasoning,
        finish="length" if cut else completion.finish,
    )


def without_end_tokens(text: str) -> str:
    """Return ``text`` without the tokens by which models end their turn, where they stand at its end."""
    while True:
        bare = text.rstrip()
        token = next((each for each in END_TOKENS if bare.endswith(each)), None)
        # In HTML that is crossed out, </s> is no token.
        if token is None or (token == "</s>" and "<s>" in text):
            return text
        text = bare.removesuffix(token).rstrip()


def _by_channels(text: str) -> tuple[str, str | None] | None:
    """Split a text of channels, as harmony writes them; None where it has none."""
    if bare := _BARE_CHANNELS.match(text):
        return bare[1], bare[2]
    found = list(_CHANNEL.finditer(text))
    if not found or _is_mentioned(text, found[0].start(), found[0].start() + len("<|channel|>")):
        return None
    before = re.split(r"<\|(?:end|start)\|>", text[: found[0].start()])[0]
    thoughts = [before, *(each[2] for each in found if each[1] != "final")]
    answers = [each[2] for each in found if each[1] == "final"]
    return "\n".join(filter(None, map(str.strip, thoughts))), answers[-1] if answers else None


def _by_marks(text: str, marks: ReasoningMarks) -> tuple[str, str | None] | None:
    """Split a text at the first pair of marks that it has; None where it has none.

    The answer is None where the reasoning does not end.
    """
    lower = text.lower()
    for opening, closing in marks.marks or REASONING_MARKS:
        opens, closes = _places(lower, opening.lower()), _places(lower, closing.lower())
        # Reasoning begins a line; only its end is there where the chat template has begun it.
        first = next((at for at in opens if not lower[:at].rpartition("\n")[2].strip()), None)
        end: int | None
        if first is None or (closes and closes[0] < first):
            if not closes:
                continue
            before, begin, end = "", 0, closes[0]
        else:
            before, begin, end = text[:first], first + len(opening), _matching(opens, closes, first)
        if end is None:
            return text[begin:], None
        thought, answer = text[begin:end], text[end + len(closing) :]
        if further := _by_marks(answer, marks):
            return f"{thought}\n{further[0]}", further[1]
        return thought, answer if answer.strip() else before
    return None


def _matching(opens: Sequence[int], closes: Sequence[int], first: int) -> int | None:
    """Return where the reasoning that begins at ``first`` ends; None where it does not.

    Of marks within marks the outer ones count; where they do not match, the last one.
    """
    closes = [at for at in closes if at > first]
    within = (sum(first <= start < at for start in opens) for at in closes)
    matches = (
        at for number, (at, begun) in enumerate(zip(closes, within, strict=True), 1) if begun == number
    )
    return next(matches, closes[-1] if closes else None)


def _places(text: str, mark: str) -> list[int]:
    """Return where a mark stands that is more than mentioned."""
    if mark not in text:  # as in nearly every answer, and for nearly every mark
        return []
    found = [each.start() for each in re.finditer(re.escape(mark), text)]
    return [at for at in found if not _is_mentioned(text, at, at + len(mark))]


def _is_mentioned(text: str, begin: int, end: int) -> bool:
    """Whether what stands there is in code or quotes."""
    before, after = text[:begin], text[end:]
    quoted = before[-1:] != "" and before[-1:] in _QUOTES and after[:1] != "" and after[:1] in _QUOTES
    fenced = before.count("```") % 2 == 1 and "```" in after
    line, rest = before.rpartition("\n")[2], after.partition("\n")[0]
    in_code = line.replace("```", "").count("`") % 2 == 1 and "`" in rest
    return quoted or fenced or in_code


def _unwrapped(answer: str) -> str:
    for opening, closing in _WRAPPERS:
        if answer.startswith(opening) and (answer.endswith(closing) or closing not in answer):
            return answer.removeprefix(opening).removesuffix(closing).strip()
    return answer
