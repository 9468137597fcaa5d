"""CSV and TSV: any text survives, columns are guessed and said, every fault has its line."""

import csv
import gzip
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from izcore.plugin import ConfigError, DataError, TaskData

Load = Callable[..., TaskData]

cell = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: not text.isspace())


def write(folder: Path, content: str | bytes, name: str = "task.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def problems(load: Load, path: Path, **options: object) -> tuple[str, ...]:
    with pytest.raises(DataError) as caught:
        load(path, **options)
    return caught.value.problems


@given(
    rows=st.lists(st.tuples(cell, cell), min_size=1, max_size=8, unique_by=lambda row: row[0]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    # The csv module quotes a lone carriage return only where that is part of the line end.
    style=st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL)]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_whatever_is_written_is_loaded(
    load: Load, rows: list[tuple[str, str]], delimiter: str, style: tuple[str, Any], encoding: str
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=style[0], quoting=style[1])
    writer.writerows([("input", "target"), *rows])
    with tempfile.TemporaryDirectory() as folder:
        data = load(write(Path(folder), text.getvalue().encode(encoding)))
    assert [(example.input, *example.targets) for example in data.examples] == rows


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("question,answer", "by their names: input is 'question', target is 'answer'"),
        ("id,Text,Label", "by their names: input is 'Text', target is 'Label'"),
        ("french,english", "by their order: input is 'french', target is 'english'"),
        ("english,output", "by their order: input is 'english', target is 'output'"),
        ("label,words", "by their order: input is 'words', target is 'label'"),
    ],
)
def test_guessed_columns_are_said(load: Load, tmp_path: Path, header: str, expected: str) -> None:
    row = ",".join(f"{name}-cell" for name in header.split(","))
    data = load(write(tmp_path, f"{header}\n{row}\n"))
    assert data.notes == (f"Guessed {expected}.",)
    assert f"input is '{data.examples[0].input.removesuffix('-cell')}'" in expected
    assert f"target is '{data.examples[0].targets[0].removesuffix('-cell')}'" in expected


def test_named_columns_win_and_the_others_are_fields(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target,a,b\n1,2,three,4\n")
    data = load(path, input="b", target="a")
    assert (data.examples[0].input, data.examples[0].targets) == ("4", ("three",))
    assert data.examples[0].fields == {"input_column": "1", "target": "2", "b": "4"}
    assert data.notes == ("In a prompt template, the column 'input' is called {input_column}.",)


def test_columns_that_cannot_be_guessed_or_found_are_listed(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "first,second,third\n1,2,3\n")
    assert [text.split(";")[0] for text in problems(load, path)] == [
        "cannot tell which column holds the input (there are: first, second, third)",
        "cannot tell which column holds the target (there are: first, second, third)",
    ]
    assert problems(load, path, input="frist", target=["second", "xyz"]) == (
        "there is no column 'frist'. Did you mean first?",
        "there is no column 'xyz'. Known: first, second, third.",
    )


def test_without_a_header_columns_are_numbered(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "sane,insane\nup,down\n")
    assert [example.input for example in load(path, header="false").examples] == ["sane", "up"]
    assert load(path, header=False, input="2", target="1").examples[0].targets == ("sane",)
    assert len(load(path).examples) == 1


def test_several_targets_from_a_separator_or_from_columns(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,german,more\nplace,Ort | Platz|,Stelle\ntime,Zeit,\n")
    data = load(path, target=["german", "more"], target_separator="|")
    assert [example.targets for example in data.examples] == [("Ort", "Platz", "Stelle"), ("Zeit",)]


def test_choices_make_it_multiple_choice(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target,options\nIs it?,yes,yes|no\nIs he?,maybe,yes|no\n")
    data = load(path, choices="options")
    assert data.metric == "choice"
    assert data.examples[0].choices == ("yes", "no")
    assert "1 example with no target among the choices; check both columns." in data.notes
    assert load(path).metric == "exact_match"


def test_faults_are_listed_together_in_order_with_the_line_where_the_row_begins(
    load: Load, tmp_path: Path
) -> None:
    lines = [
        "input,target",
        '"two',
        'lines",x',
        "no target,",
        ",no input",
        "",
        " , ",
        "a,b,c",
        '"bad"quote,x',
        '"open,x',
    ]
    assert problems(load, write(tmp_path, "\n".join(lines))) == (
        "line 4: no target",
        "line 5: no input",
        "line 8: 3 columns instead of 2; put text that holds ',' in quotes",
        "line 9: ',' expected after '\"'; write a quote inside quoted text twice",
        "line 10: a quote that opens here is never closed",
    )


def test_the_error_names_the_file_and_how_many_problems(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target\na,\nb,\n")
    with pytest.raises(DataError, match=r"task\.csv cannot be used: 2 problems\.") as caught:
        load(path)
    assert caught.value.exit_code == 2


def test_a_column_named_twice(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target,target\na,b,c\n")
    assert problems(load, path) == ("line 1: 2 columns are named 'target'",)


@pytest.mark.parametrize("content", ["", "  \n\n", "input,target\n", "\ufeff"])
def test_a_file_without_examples(load: Load, tmp_path: Path, content: str) -> None:
    assert problems(load, write(tmp_path, content)) in (("the file is empty",), ("no examples",))


def test_a_missing_file_or_folder_offers_its_neighbours(load: Load, tmp_path: Path) -> None:
    write(tmp_path, "x,y\n1,2\n", "reviews.csv")
    with pytest.raises(DataError, match=r"Did you mean reviews\.csv"):
        load(tmp_path / "review.csv")
    with pytest.raises(DataError, match="cannot be read either"):
        load(tmp_path / "nowhere" / "review.csv")


def test_a_wrong_encoding_names_byte_and_line_and_can_be_set(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target\ncafé,x\n".encode("cp1252"))
    assert problems(load, path) == ("line 2: byte 0xe9 at offset 16 is not UTF-8",)
    with pytest.raises(DataError, match=r"--set task\.encoding=cp1252"):
        load(path)
    assert load(path, encoding="cp1252").examples[0].input == "café"
    with pytest.raises(DataError, match="no text encoding 'klingon'"):
        load(path, encoding="klingon")
    marked = write(tmp_path, b"\xef\xbb\xbfinput,target\n\xff,x\n")
    assert problems(load, marked) == ("line 2: byte 0xff at offset 16 is not UTF-8",)


def test_utf16_without_a_mark_says_what_to_set(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input,target\na,b\n".encode("utf-16-le"))
    with pytest.raises(DataError, match=r"--set task\.encoding=utf-16-le"):
        load(path)
    assert load(path, encoding="utf-16-le").examples[0].input == "a"


def test_tsv_is_split_at_tabs_whatever_its_first_line(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input, or question\toutput\na, b\tc\n", "task.tsv")
    assert load(path, input="input, or question").examples[0].input == "a, b"


def test_a_delimiter_can_be_set(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "input^target\na, b^c\n")
    assert load(path, delimiter="^").examples[0].input == "a, b"
    for wrong in ("ab", '"', "\n"):
        with pytest.raises(ConfigError, match=r"task\.delimiter"):
            load(path, delimiter=wrong)


def test_repeated_inputs_count_once(load: Load, tmp_path: Path) -> None:
    data = load(write(tmp_path, "input,target\na,1\nb,2\na,3\n"))
    assert [(example.input, example.targets) for example in data.examples] == [("a", ("1",)), ("b", ("2",))]
    note = "1 example with the input of an earlier one left out; 1 of them had other targets"
    assert any(said.startswith(note) for said in data.notes)
    same = load(write(tmp_path, "input,target\na,1\nb,2\na,1\n"))
    assert "1 example with the input of an earlier one left out." in same.notes


def test_a_field_of_any_length_loads_and_the_limit_of_the_csv_module_stays(
    load: Load, tmp_path: Path
) -> None:
    before = csv.field_size_limit(1000)
    try:
        data = load(write(tmp_path, f"input,target\n{'x' * 300_000},y\n"))
        assert len(data.examples[0].input) == 300_000
        assert csv.field_size_limit() == 1000
    finally:
        csv.field_size_limit(before)


def test_a_large_file_loads_quickly(load: Load, tmp_path: Path) -> None:
    rows = "\n".join(f'"number {i}, ""quoted""",target {i}' for i in range(100_000))
    path = write(tmp_path, f"input,target\n{rows}\n")
    start = time.process_time()
    assert len(load(path).examples) == 100_000
    assert time.process_time() - start < 5


# --- tables as spreadsheets write them -----------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "text,label,,\nred,colour,,\nseven,number,,\n",
        "text,label\nred,colour,\nseven,number,,,\n",
        "sep=;\ntext;label\nred;colour\nseven;number\n",
        '"sep=|"\r\ntext|label\r\nred|colour\r\nseven|number\r\n',
        ",text,label\n,red,colour\n,seven,number\n",
    ],
)
def test_what_spreadsheets_leave_behind_does_not_matter(load: Load, tmp_path: Path, text: str) -> None:
    data = load(write(tmp_path, text))
    assert [(e.input, *e.targets) for e in data.examples] == [("red", "colour"), ("seven", "number")]


def test_a_column_without_a_name_that_holds_something_can_be_named(load: Load, tmp_path: Path) -> None:
    data = load(write(tmp_path, ",word,kind\n1,red,colour\n2,seven,number\n"), input="word", target="kind")
    assert "Columns without a name are called 1." in data.notes
    assert data.examples[0].fields["1"] == "1"


def test_a_table_without_a_header_loses_no_row(load: Load, tmp_path: Path) -> None:
    data = load(write(tmp_path, "what a film,good\ntoo long,bad\nsplendid,good\n"))
    assert [e.input for e in data.examples] == ["what a film", "too long", "splendid"]
    assert "The first line is an example like the others: it names no columns." in data.notes


def test_nothing_is_a_right_answer_where_the_user_says_so(load: Load, tmp_path: Path) -> None:
    path = write(tmp_path, "text,date\nDue on 3 May,3 May\nHello,\n")
    with pytest.raises(DataError, match="1 problem") as caught:
        load(path, input="text", target="date")
    assert "task.empty_targets=true" in caught.value.hint
    data = load(path, input="text", target="date", empty_targets=True)
    assert data.examples[1].targets == ("",)


# --- other files -------------------------------------------------------------------------------------


def test_a_small_file_that_unpacks_to_more_than_there_is_room_for_is_refused(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("izcore_tasks.files.sources.LARGEST_UNPACKED", 1 << 20)
    bomb = write(tmp_path, gzip.compress(b"input,target\n" + b"a,b\n" * (1 << 19)), "bomb.csv.gz")
    with pytest.raises(DataError, match="unpacks to more than 1 MiB"):
        load(bomb)


def test_packed_files_are_read_and_pointers_are_not(load: Load, tmp_path: Path) -> None:
    packed = write(tmp_path, gzip.compress(b"input,target\na,b\n"), "words.csv.gz")
    assert load(packed).name == "words"
    assert load(packed).examples[0].targets == ("b",)
    lines = write(tmp_path, gzip.compress(b'{"input": "a", "target": "b"}\n'), "words.jsonl.gz")
    assert load(lines).examples[0].targets == ("b",)
    with pytest.raises(DataError, match="not whole gzip data"):
        load(write(tmp_path, gzip.compress(b"input,target\na,b\n")[:-9], "cut.csv.gz"))
    with pytest.raises(DataError, match="does not say how it is written"):
        load(write(tmp_path, gzip.compress(b"x"), "words.gz"))
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    with pytest.raises(DataError, match="pointer of Git LFS") as caught:
        load(write(tmp_path, pointer, "big.csv"))
    assert "git lfs pull" in caught.value.hint


def test_parquet_is_read_where_its_reader_is_installed(load: Load, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"question": ["a", "b"], "choices": [["x", "y"], ["y", "z"]], "answer": [1, 0]})
    parquet.write_table(table, tmp_path / "quiz.parquet")
    data = load(tmp_path / "quiz.parquet", choices="choices")
    assert [e.targets for e in data.examples] == [("y",), ("y",)]
    with pytest.raises(DataError, match="not a Parquet file"):
        load(write(tmp_path, b"nothing", "bad.parquet"))
