"""Text of others: nothing that a terminal, a spreadsheet or a program obeys."""

import json

import pytest

from izcore.plugin import plain, plain_cell, plain_json, plain_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a sentence, 中文, naïve ☃ 👩‍👩‍👧", "a sentence, 中文, naïve ☃ 👩‍👩‍👧"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("good\rbad", r"good\rbad"),
        ("of\r\nWindows", "of\nWindows"),
        ("\u202etxt.exe\u2066", r"\u202etxt.exe\u2066"),
        ("half \udce9 a character", r"half \udce9 a character"),
        ("\x00\x7f\u2028", r"\x00\x7f\u2028"),
    ],
)
def test_nothing_is_left_for_a_terminal_to_obey(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_line_stays_one_line() -> None:
    assert plain_line("a\nb\tc\r\nd\x85e") == r"a\nb\tc\nd\x85e"


def test_json_means_the_same_afterwards() -> None:
    text = json.dumps({"answer": "é \x9b31m \u202e \x7f\u2028"}, ensure_ascii=False)
    assert json.loads(plain_json(text)) == json.loads(text)
    assert plain_json(text) == r'{"answer": "é \u009b31m \u202e \u007f\u2028"}'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2", "@SUM(A1)", "\tx", "\r=1", " =1", "\n=1", "＝1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert plain_cell(text) == f"'{plain(text)}"


@pytest.mark.parametrize("text", ["", "a=b", "1-2", "'=1", "mail@example.org"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert plain_cell(text) == text
