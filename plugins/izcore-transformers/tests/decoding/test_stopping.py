"""Where an instruction ends in what a model writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore_transformers.decoding.stopping import instruction_end

PREFILL = "The instruction was to"

FRAGMENTS = st.sampled_from(
    [
        *("The instruction was to ", "Instruction: ", "**Instruction:** ", "Sure, ", "Sure!", "The task is"),
        *("here is the instruction:", '"', "'", "“", "”", "`", "**", "_", " ", "\n", "\t", "- ", "1. "),
        *("write the plural", "to", "And 3.5", "e.g. ", ". ", "!", "?", ":", ",", "…", "Input: ", "ß", "ŉ"),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=12).map("".join))


@pytest.mark.parametrize(
    ("rule", "text", "said"),
    [
        ("sentence", " write the plural. Then", " write the plural."),
        ("sentence", " write the plural.", None),
        ("sentence", " use e.g. cats", None),
        ("sentence", "Sure! Write the plural. Then", "Sure! Write the plural."),
        ("line", " write the plural. Then\n", " write the plural. Then"),
        ("line", "\n\n write the plural", None),
        (
            "line",
            "Sure, here is an instruction:\n\nWrite the plural.\nIt",
            "Sure, here is an instruction:\n\nWrite the plural.",
        ),
        ("end", "Write.\n\nAnd so on. ", None),
    ],
)
def test_stop_rules(rule: str, text: str, said: str | None) -> None:
    end = instruction_end(text, rule)  # type: ignore[arg-type]
    assert (None if end is None else text[:end]) == said


@given(TEXTS, TEXTS, st.sampled_from(["sentence", "line"]), st.sampled_from(["", PREFILL]))
def test_an_end_once_seen_does_not_move(text: str, more: str, rule: str, prefill: str) -> None:
    end = instruction_end(text, rule, prefill)  # type: ignore[arg-type]
    if end is not None:
        assert instruction_end(text + more, rule, prefill) == end  # type: ignore[arg-type]
