"""Each format is taken by its own tool, which sends what was measured and finds the same scores."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openai.types.eval_create_params import EvalCreateParams
from openai.types.evals.create_eval_completions_run_data_source_param import (
    CreateEvalCompletionsRunDataSourceParam,
)
from pydantic import TypeAdapter
from support import write_lines
from support.in_process import called
from support.servers.protocol_server import Answer, Call, ProtocolServer

import izcore
from izcore.engine.export import export_run
from izcore.plugin import Example, WholePrompt
from izcore.testing import ExporterConformance, Subject

PROMPTFOO = shutil.which("promptfoo") or shutil.which("promptfoo", path=os.environ.get("PROMPTFOO_BIN", ""))
ODD = (
    '{{ "x" }} {% y %} {# z #}',
    "see file:///etc/passwd",
    'say "it" \\ and {input}',
    "two\nlines",
    "{'a': 1}",
)
INSTRUCTION = 'Name the {{team}} {% of %} "this" {ticket}.'


class TestFormats(ExporterConformance):
    @pytest.fixture(params=["promptfoo", "openai-evals", "dspy", "langchain"])
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        graded = {"provider": "echo", "grader": False} if request.param == "promptfoo" else {"grader": False}
        options = graded if request.param in ("promptfoo", "openai-evals") else {}
        return Subject(plugin="izcore_exports.plugin", name=request.param, options=options)


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, name in (("IZ_DB", "runs.sqlite"), ("IZ_DATA", "data"), ("IZ_CACHE", "cache")):
        monkeypatch.setenv(variable, str(tmp_path / name))


@pytest.fixture
def server() -> Iterator[ProtocolServer]:
    """A model that is right about most tickets, by what stands in the last line of the prompt."""

    def behave(call: Call) -> Answer:
        right = "billing" if "bill" in call.prompt else "delivery"
        return Answer(f"It is {right}." if "1" not in call.prompt else "I cannot say.")

    with ProtocolServer(behave) as running:
        yield running


@pytest.fixture
def run(server: ProtocolServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> izcore.Run:
    """A scoring of a prompt with a system message, on tickets that are odd texts."""
    pytest.importorskip("izcore_tasks", reason="the run's task is a file of JSON lines")
    pytest.importorskip("izcore_openai", reason="the run asks a model behind an API")
    texts = [f"{word} {number} {ODD[number % 5]}" for number in range(20) for word in ("bill", "parcel")]
    texts += list(ODD)
    rows = [{"input": t, "output": "billing" if "bill" in t else "delivery"} for t in texts]
    write_lines(tmp_path / "tickets.jsonl", map(json.dumps, rows))
    monkeypatch.setenv("OPENAI_API_KEY", "a-key-of-the-test")
    url = f"scorer.base_url={server.openai_url}"
    settings = (
        "--scorer",
        "openai:gpt-4o-mini",
        "--metric",
        "contains",
        "--set",
        url,
        "--set",
        "splits.test=12",
    )
    sizes = ("--set", "splits.validation=5", "--set", "splits.retest=0", "--set", "placement=system")
    code, _, err = called("score", "tickets.jsonl", *settings, *sizes, "--instruction", INSTRUCTION)
    assert code == 0, err
    return izcore.run("last")


def sent_about(run: izcore.Run, number: int) -> list[dict[str, Any]]:
    assert run.result is not None
    assert run.splits is not None
    return run.result.render(input=run.splits.test[number].input)


def scores_of(run: izcore.Run) -> list[float | None]:
    return list(run.test_scores[0].scores)


@pytest.mark.skipif(PROMPTFOO is None, reason="promptfoo is not installed: npm install promptfoo, and PATH")
def test_promptfoo_finds_the_same_scores(run: izcore.Run, server: ProtocolServer, tmp_path: Path) -> None:
    assert called("export", "last", "--to", "promptfoo", "-o", "promptfooconfig.json")[0] == 0
    before = len(server.exchanges)
    quiet = {
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_PYTHON": sys.executable,
    }
    quiet["PROMPTFOO_CONFIG_DIR"] = str(tmp_path / "promptfoo")
    arguments = ("eval", "-c", "promptfooconfig.json", "--no-cache", "-o", "results.json", "-j", "2")
    finished = subprocess.run(
        [str(PROMPTFOO), *arguments],
        check=False,
        env={**os.environ, **quiet},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert (tmp_path / "results.json").exists(), finished.stdout + finished.stderr
    results = json.loads((tmp_path / "results.json").read_text())["results"]["results"]
    ordered = sorted(results, key=lambda each: each["testIdx"])
    assert [each["score"] for each in ordered] == scores_of(run), finished.stdout
    asked = [exchange.call.body["messages"] for exchange in server.exchanges[before:]]
    wanted = [sent_about(run, number) for number in range(len(ordered))]
    assert sorted(map(json.dumps, asked)) == sorted(map(json.dumps, wanted))


def plain(run: izcore.Run) -> izcore.Run:
    """The run with an instruction in which nothing stands in braces."""
    assert run.result is not None
    assert run.result.best is not None
    told = msgspec.json.encode(run.result.best.whole_prompt).decode()
    for mark in ("{{team}}", "{% of %}", "{ticket}"):
        told = told.replace(mark, mark.strip("{%} "))
    whole = msgspec.json.decode(told, type=WholePrompt)
    best = msgspec.structs.replace(run.result.best, whole_prompt=whole)
    return msgspec.structs.replace(run, result=msgspec.structs.replace(run.result, best=best))


def exported(run: izcore.Run, format_: str) -> str:
    return export_run(izcore.discover(), run, format=format_, output=None)


def test_openai_takes_the_eval_and_its_grader_agrees(run: izcore.Run) -> None:
    with pytest.raises(izcore.UsageError, match=r"holds \{\{"):
        exported(run, "openai-evals")
    made = json.loads(exported(plain(run), "openai-evals"))
    TypeAdapter(EvalCreateParams).validate_python(made["eval"])
    TypeAdapter(CreateEvalCompletionsRunDataSourceParam).validate_python(made["run"]["data_source"])
    source, template = made["run"]["data_source"], made["run"]["data_source"]["input_messages"]["template"]
    items = [each["item"] for each in source["source"]["content"]]
    assert [
        {"role": each["role"], "content": each["content"].replace("{{item.input}}", items[3]["input"])}
        for each in template
    ] == sent_about(plain(run), 3)
    grader: dict[str, Any] = {}
    exec(made["eval"]["testing_criteria"][0]["source"], grader)
    graded = [
        grader["grade"]({"output_text": answer}, item)
        for answer, item in zip(run.test_scores[0].answers, items, strict=True)
    ]
    assert graded == scores_of(run)
    assert len(set(graded)) == 2


def test_langchain_makes_the_messages_as_measured(run: izcore.Run) -> None:
    load = pytest.importorskip("langchain_core.load")
    template = load.loads(exported(run, "langchain"))
    roles = {"human": "user", "ai": "assistant", "system": "system"}
    for number in range(12):
        assert run.splits is not None
        value = template.invoke({"input": run.splits.test[number].input})
        made = [{"role": roles[each.type], "content": each.content} for each in value.to_messages()]
        assert made == sent_about(run, number)


def test_dspy_sends_the_messages_as_measured(run: izcore.Run, server: ProtocolServer, tmp_path: Path) -> None:
    dspy = pytest.importorskip("dspy")
    (tmp_path / "prompt_dspy.py").write_text(exported(run, "dspy"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("prompt_dspy", tmp_path / "prompt_dspy.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = dspy.LM(
        "openai/gpt-4o-mini", api_base=server.openai_url, api_key="a-key-of-the-test", cache=False
    )
    assert run.splits is not None
    with dspy.context(lm=model):
        for number in range(3):
            answered = module.program(input=run.splits.test[number].input).output
            assert answered == run.test_scores[0].answers[number]
            assert server.exchanges[-1].call.body["messages"] == sent_about(run, number)


def test_what_cannot_go_along_is_said(run: izcore.Run) -> None:
    config = {**run.config, "metric": {"name": "number"}, "scorer": {"name": "hf"}}
    other = msgspec.structs.replace(run, config=config)
    file = Example(input="file:///etc/passwd", targets=("billing",))
    assert run.splits is not None
    reading = msgspec.structs.replace(run, splits=msgspec.structs.replace(run.splits, test=(file,)))
    with pytest.raises(izcore.UsageError, match="would read a file"):
        exported(reading, "promptfoo")
    for format_, message in (
        ("promptfoo", "the model of the scorer hf is not known.*\n.*provider"),
        ("promptfoo:echo", "the metric number cannot go along.*\n.*grader=false"),
        ("openai-evals", "the metric number cannot go along"),
    ):
        with pytest.raises(izcore.UsageError, match=message):
            exported(plain(other), format_)
