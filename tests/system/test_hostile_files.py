"""Files of random bytes, or damaged ones, as data and as settings: used, or explained, never a traceback."""

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.in_process import assert_ends_well, set_up_sandbox

EXAMPLES = int(os.environ.get("IZ_FUZZ_EXAMPLES", "25"))
ROWS = [{"input": f"word{i}", "target": f"drow{i}", "n": i} for i in range(12)]
TABLE = "input,target,n\n" + "".join(f"{row['input']},{row['target']},{row['n']}\n" for row in ROWS)
SOUND = {
    "task.csv": TABLE.encode(),
    "task.tsv": TABLE.replace(",", "\t").encode(),
    "task.json": json.dumps(ROWS).encode(),
    "task.jsonl": "".join(f"{json.dumps(row)}\n" for row in ROWS).encode(),
    "task.csv.gz": gzip.compress(TABLE.encode()),
    "task.json.gz": gzip.compress(json.dumps(ROWS).encode()),
}
SETTINGS = b"""
seed = 1
generator = "phrases"
scorer = {name = "obedient", mistakes = 0.1}
baselines = ["Reverse."]
[splits]
validation = 2
[budget]
max_calls = 9
"""
ODD = (
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b"\r", b"\n", b",", b"[" * 3000, b'{"a":' * 3000),
    *(
        b"9" * 5000,
        b"9" * 25,
        b"1e999",
        b"NaN",
        b"null",
        b"\\ud800",
        b"\x1b[31m",
        b"'''",
        b"=",
        b"[[a]]",
        b"a.b=1",
    ),
    *(b"-", b"inf", b"nan", b"true", b"[]", b"{}", b"1979-05-27", b"\xe2\x80\xae", b"\\u0000"),
)

edits = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 8), st.sampled_from(ODD) | st.binary(max_size=6)),
    max_size=4,
)


def damaged(content: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """The content after random cuts and insertions."""
    for place, cut, piece in changes:
        at = place % (len(content) + 1)
        content = content[:at] + piece + content[at + cut :]
    return content


quick = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Path]:
    """A folder to work in, with toys alone."""
    with pytest.MonkeyPatch.context() as patch:
        yield set_up_sandbox(tmp_path / "sandbox", patch)


@quick
@given(name=st.sampled_from(sorted(SOUND)), changes=edits)
def test_a_damaged_data_file_is_used_or_explained(
    work: Path, name: str, changes: list[tuple[int, int, bytes]]
) -> None:
    (work / name).write_bytes(damaged(SOUND[name], changes))
    assert assert_ends_well("tasks", "check", name)[0] in (0, 2)
    assert assert_ends_well("tasks", "show", name, "--json")[0] in (0, 2)


@quick
@given(
    name=st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.gz", "a.csv.gz", "a.parquet"]), content=st.binary()
)
def test_random_bytes_are_no_task(work: Path, name: str, content: bytes) -> None:
    packed = gzip.compress(content) if name == "a.csv.gz" else content
    (work / name).write_bytes(b"PAR1" + packed + b"PAR1" if name == "a.parquet" else packed)
    assert assert_ends_well("tasks", "check", name)[0] in (0, 2)


@quick
@given(changes=edits)
def test_a_damaged_parquet_file_is_used_or_explained(
    work: Path, changes: list[tuple[int, int, bytes]]
) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="the optional package pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), work / "task.parquet")
    content = (work / "task.parquet").read_bytes()
    (work / "task.parquet").write_bytes(damaged(content, changes))
    assert assert_ends_well("tasks", "check", "task.parquet")[0] in (0, 2)


@quick
@given(changes=edits)
def test_damaged_settings_are_used_or_explained(work: Path, changes: list[tuple[int, int, bytes]]) -> None:
    (work / "task.csv").write_bytes(SOUND["task.csv"])
    (work / "iz.toml").write_bytes(damaged(SETTINGS, changes))
    code = assert_ends_well("optimize", "task.csv", "--config", "iz.toml", "--dry-run", "--json")[0]
    assert code in (0, 2)
