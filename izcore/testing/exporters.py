"""Checks of exporters."""

import msgspec

from izcore.plugin.exports import ExportRequest, ExportResult
from izcore.plugin.records import Candidate, Example, Guidance, Splits, Trial, Usage
from izcore.plugin.results import Baseline, Best, RunResult, TestScore, ValidationScore
from izcore.plugin.run_record import THIS_INSTRUCTION, InstructionScores, Run
from izcore.testing.conformance import Conformance, Make, unchanged

ODD = 'Say "“Größe”" 🙂,\n| twice; <b>now</b>\t\\'


class ExporterConformance(Conformance):
    """What the core relies on in an exporter."""

    kind = "exporter"
    methods = ("export",)

    def test_a_run_becomes_a_text(self, make: Make) -> None:
        """A run that has ended becomes a text that is not empty: it is printed, or written to a file."""
        result = make().export(ExportRequest(run=_run("Add s.")))
        assert isinstance(result, ExportResult)
        assert isinstance(result.text, str)
        assert result.text

    def test_same_run_same_text(self, make: Make) -> None:
        """The same run becomes the same text: exported runs are compared with each other."""
        exporter, request = make(), ExportRequest(run=_run("Add s."))
        assert exporter.export(request) == exporter.export(request) == make().export(request)

    def test_unfinished_runs(self, make: Make) -> None:
        """A run can be exported before it has a result, a test score, or even a trial."""
        whole = _run("Add s.")
        unfinished = msgspec.structs.replace(whole, status="interrupted", result=None, test_scores=())
        for run in (unfinished, msgspec.structs.replace(unfinished, trials=())):
            make().export(ExportRequest(run=run))

    def test_odd_texts(self, make: Make) -> None:
        """Instructions and answers hold whatever a model writes: quotes, line ends, any letter."""
        str(make().export(ExportRequest(run=_run(ODD))).text).encode()

    def test_request_is_left_as_it_was(self, make: Make) -> None:
        """The run is not changed: its caller goes on with it."""
        request = ExportRequest(run=_run("Add s."))
        with unchanged(request):
            make().export(request)


def _run(instruction: str) -> Run:
    """A small run that has all that a run can have."""
    cat, ox = Example(input="cat", targets=("cats",)), Example(input="ox", targets=("oxen", "oxes"))
    test = TestScore(score=0.5, low=0.1, high=0.9, n=2)
    guidance = Guidance(instruction=instruction, exemplars=(cat,))
    candidate = Candidate(latent=(0.5,), instruction=instruction, raw=f"{instruction} ", exemplars=(cat,))
    return Run(
        id="20261122-0931-plurals-k3f9",
        task="plurals",
        status="done",
        seed=3,
        created=1_795_000_000.0,
        seconds=2.5,
        config={"task": {"name": "plurals", "options": {}}, "seed": 3},
        splits=Splits(demonstrations=(cat,), validation=(cat, ox), retest=(cat,), test=(cat, ox)),
        versions={"izcore": "0.1.0"},
        notes=("The column was guessed.",),
        generator_state={"scale": 0.5},
        trials=(
            Trial(
                index=0,
                round=0,
                candidate=candidate,
                scores=(1.0, None, 0.0),
                answers=(instruction, None, "cat"),
                finishes=("stop", None, "length"),
                calls=3,
                usage=Usage(input_tokens=30, output_tokens=3),
                cost_usd=0.25,
            ),
            Trial(index=1, round=0, candidate=candidate, scores=(1.0, None, 0.0), reused=0),
        ),
        test_scores=(
            InstructionScores(name=THIS_INSTRUCTION, guidance=guidance, scores=(1.0, 0.0)),
            InstructionScores(name="no instruction", guidance=Guidance(instruction=""), scores=(None, 0.0)),
        ),
        result=RunResult(
            run_id="20261122-0931-plurals-k3f9",
            task="plurals",
            status="done",
            seed=3,
            best=Best(
                instruction=instruction,
                validation=ValidationScore(score=1.0, n=1),
                test=test,
                exemplars=(cat,),
            ),
            baselines=(
                Baseline(name="no instruction", instruction="", test=test, difference=0.5, p_value=0.5),
            ),
            trials=2,
            unique_instructions=1,
            calls=7,
            cached_calls=0,
            tokens=Usage(input_tokens=70, output_tokens=7),
            cost_usd=None,
            seconds=2.5,
            conclusion="No improvement found.",
        ),
    )
