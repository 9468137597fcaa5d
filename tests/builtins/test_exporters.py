"""What ``iz runs export`` writes: the formats of the core byte for byte, and how a format is chosen."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pandas
import pytest
from support import Iz
from support.plugin_folder import Install

import izcore
from izcore.plugin import Candidate, Example, Splits, Trial, Usage
from izcore.registry.registry import discover

RUN = izcore.Run(
    id="20261122-0931-plurals-k3f9",
    task="plurals",
    status="interrupted",
    seed=3,
    created=0.0,
    splits=Splits(
        demonstrations=(),
        validation=(Example(input="cat", targets=("cats",)), Example(input="ox", targets=("oxen", "oxes"))),
        test=(Example(input="pen", targets=("pens",)),),
    ),
    trials=(
        Trial(
            index=0,
            round=0,
            candidate=Candidate(latent=(0.5,), instruction='Say "it" twice', raw="Say, twice"),
            scores=(1.0, None),
            answers=("cats", None),
            finishes=("stop", None),
            calls=2,
            usage=Usage(input_tokens=7, output_tokens=2),
            cost_usd=0.25,
        ),
        Trial(
            index=1,
            round=1,
            candidate=Candidate(
                latent=(0.25,), instruction="Add s", exemplars=(Example(input="a", targets=("as",)),)
            ),
            scores=(1.0,),
        ),
    ),
)

TRIALS_AS_CSV = (
    "index,round,instruction,raw,exemplars,reused,mean,penalty,calls,cached_calls,cost_usd,score_0,score_1\r\n"
    '0,0,"Say ""it"" twice","Say, twice",,,1.0,0.0,2,0,0.25,1.0,\r\n'
    "1,1,Add s,,a,,1.0,0.0,0,0,0.0,1.0\r\n"
)

TINY: tuple[str, ...] = (
    *("--generator", "phrases", "--scorer", "obedient", "--surrogate", "sobol"),
    *("--set", "search.initial=4", "--set", "search.rounds=0", "--set", "splits.test=5"),
)

MARKDOWN = """
from izcore.plugin import ExportResult, ExporterRegistration, hookimpl
IZCORE_API = 1

class Markdown:
    def __init__(self, options, context):
        pass
    def export(self, request):
        return ExportResult(text=f"# {request.run.id}\\n")

class Failing(Markdown):
    def export(self, request):
        raise ValueError("no idea")

@hookimpl
def izcore_exporters():
    return [
        ExporterRegistration(name="md", summary="A heading", factory="md_export:Markdown", suffixes=(".md",)),
        ExporterRegistration(name="failing", summary="Nothing", factory="md_export:Failing"),
    ]
"""


def export(run: izcore.Run, format_: str) -> str:
    from izcore.engine.export import export_run

    return export_run(discover(), run, format=format_, output=None)


def test_csv_is_a_table_of_trials_or_of_what_is_asked_for() -> None:
    assert export(RUN, "csv") == TRIALS_AS_CSV
    answers = list(csv.DictReader(io.StringIO(export(RUN, "csv:answers"))))
    assert [(row["trial"], row["input"], row["targets"], row["score"]) for row in answers] == [
        ("0", "cat", "cats", "1.0"),
        ("0", "ox", "oxen | oxes", ""),
        ("1", "cat", "cats", "1.0"),
    ]
    assert export(RUN, "csv:tests") == ""
    with pytest.raises(izcore.ConfigError, match=r"exporter\.table: invalid enum value 'trails'"):
        export(RUN, "csv:trails")


def test_jsonl_is_a_whole_trial_per_line() -> None:
    lines = export(RUN, "jsonl").splitlines()
    assert [msgspec.json.decode(line, type=Trial) for line in lines] == list(RUN.trials)
    assert json.loads(export(RUN, "jsonl:answers").splitlines()[1])["answer"] is None


def test_json_is_the_whole_run() -> None:
    assert msgspec.json.decode(export(RUN, "json"), type=izcore.Run) == RUN


def test_the_command_writes_any_installed_format(iz: Iz, install: Install, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(install("md-export", MARKDOWN))}
    assert iz("optimize", "mirror", *TINY).returncode == 0
    run: Any = izcore.run("last")

    def exported(*arguments: str) -> Any:
        return iz("runs", "export", "last", *arguments, env=env, cwd=tmp_path)

    assert exported().stdout == "".join(msgspec.json.encode(trial).decode() + "\n" for trial in run.trials)
    assert exported("--format", "md").stdout == f"# {run.id}\n"
    assert exported("-o", "run.md").stdout == ""
    assert (tmp_path / "run.md").read_text() == f"# {run.id}\n"
    exported("-o", "tests.csv", "--format", "csv:tests")
    assert len(list(csv.reader((tmp_path / "tests.csv").open()))) == 1 + 5 * len(run.test_scores)
    listed = exported("--list-formats").stdout
    assert all(part in listed for part in ("json", ".jsonl", "csv", "md", "A heading"))

    for arguments, message in (
        (("--format", "xslx"), "no exporter named 'xslx'"),
        (("-o", "run.xlsx"), "no format of a run is known for files that end in .xlsx"),
        (("-o", "nowhere/run.csv"), "nowhere/run.csv: cannot be written"),
        (("--format", "md:x"), "md takes nothing after the colon"),
    ):
        failed = exported(*arguments)
        assert (failed.returncode, failed.stdout) == (2, ""), failed.stderr
        assert message in failed.stderr
    refused = exported("-o", "run.md")
    assert (refused.returncode, "--force" in refused.stderr) == (2, True), refused.stderr
    assert exported("-o", "run.md", "--force").returncode == 0
    assert "goes to a file" in exported("--format", "parquet").stderr
    assert exported("-o", "tests.parquet", "--format", "parquet:tests").returncode == 0
    table = pandas.read_parquet(tmp_path / "tests.parquet")
    assert table.to_dict("records") == run.test_rows()
    failed = exported("--format", "failing")
    assert failed.returncode == 1
    assert "md-export failed in export: ValueError: no idea" in " ".join(failed.stderr.split())


def test_python_exports_as_the_command_does(tmp_path: Path) -> None:
    result = izcore.optimize(
        "mirror", generator="phrases", scorer="obedient", settings={"search": {"initial": 4, "rounds": 0}}
    )
    file = tmp_path / "run.CSV"
    assert izcore.export(result.run_id, output=file) == file.read_bytes().decode()
    assert izcore.export("last", format="csv") == file.read_bytes().decode()
