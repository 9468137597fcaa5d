"""Registers the core's own backends and its part of the presets."""

from collections.abc import Iterable, Mapping
from typing import Any

from izcore.builtins.metrics import METRICS
from izcore.builtins.options import (
    CsvOptions,
    EventLogOptions,
    ExemplarOptions,
    HalvingOptions,
    HyperbandOptions,
    OutputFormOptions,
    PoolOptions,
    ProcessesOptions,
    RacingOptions,
    StepwiseOptions,
    TableOptions,
)
from izcore.builtins.prompt_formats import PROMPT_FORMATS
from izcore.builtins.scorer_options import CallableOptions, CommandOptions
from izcore.plugin import (
    CoordinateRegistration,
    EvaluationPolicyRegistration,
    ExecutorRegistration,
    ExporterRegistration,
    GeneratorRegistration,
    MetricRegistration,
    Preset,
    ScorerRegistration,
    SurrogateRegistration,
    TrackerRegistration,
    hookimpl,
)

IZCORE_API = 1

_PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "splits": {"demonstrations": 5, "validation": 20, "retest": 0, "test": 100, "stratified": False},
    "search": {"initial": 25, "batch": 25, "rounds": 5, "refuse": False},
    "evaluation": {"policy": "full"},
}


@hookimpl
def izcore_generators() -> Iterable[GeneratorRegistration]:
    """Offer instructions from a text file."""
    return [
        GeneratorRegistration(
            name="pool",
            summary="Instructions that a person wrote, one per line of a text file",
            factory="izcore.builtins.pool:PoolGenerator",
            options=PoolOptions,
            argument="file",
            files=("file",),
            unsteered="",
        )
    ]


@hookimpl
def izcore_surrogates() -> Iterable[SurrogateRegistration]:
    """Search without a model of the landscape."""
    return [
        SurrogateRegistration(
            name="sobol",
            summary="A scrambled Sobol sequence: even coverage, learns nothing",
            factory="izcore.builtins.uninformed:SobolSurrogate",
            libraries=("scipy",),
            stands_in=True,
        ),
        SurrogateRegistration(
            name="random",
            summary="Uniform random latents: the plainest baseline",
            factory="izcore.builtins.uninformed:RandomSurrogate",
        ),
    ]


@hookimpl
def izcore_evaluation_policies() -> Iterable[EvaluationPolicyRegistration]:
    """Score all instructions on all examples, or the better ones on more."""
    return [
        EvaluationPolicyRegistration(
            name="full",
            summary="Every instruction sees all validation examples",
            factory="izcore.builtins.evaluation_policies:FullEvaluation",
        ),
        EvaluationPolicyRegistration(
            name="halving",
            summary="All see a few examples, then the best see twice as many, and so on",
            factory="izcore.builtins.evaluation_policies:SuccessiveHalving",
            options=HalvingOptions,
        ),
        EvaluationPolicyRegistration(
            name="stepwise",
            summary="Few examples for a new instruction, more each time that it is suggested again",
            factory="izcore.builtins.evaluation_policies:Stepwise",
            options=StepwiseOptions,
        ),
        EvaluationPolicyRegistration(
            name="hyperband",
            summary="Halving in brackets: many instructions from few examples, then fewer from more",
            factory="izcore.builtins.evaluation_policies:Hyperband",
            options=HyperbandOptions,
        ),
        EvaluationPolicyRegistration(
            name="racing",
            summary="Block by block, until an instruction is shown to be worse than the leader",
            factory="izcore.builtins.evaluation_policies:Racing",
            options=RacingOptions,
        ),
    ]


@hookimpl
def izcore_coordinates() -> Iterable[CoordinateRegistration]:
    """Complete an instruction with what is not said in it."""
    return [
        CoordinateRegistration(
            name="form",
            summary="How the answer shall look: only the answer, a number, one of the labels …",
            factory="izcore.builtins.output_form:OutputForm",
            options=OutputFormOptions,
        ),
        CoordinateRegistration(
            name="exemplars",
            summary="Solved examples before the input: none, or one of several drawn sets (few-shot)",
            factory="izcore.builtins.exemplars:ExemplarSets",
            options=ExemplarOptions,
            argument="examples",
        ),
        CoordinateRegistration(
            name="placement",
            summary="Where the instruction stands: in the system message, before or after the input",
            factory="izcore.builtins.placement:Placement",
        ),
    ]


@hookimpl
def izcore_metrics() -> Iterable[MetricRegistration]:
    """Compare answers with targets."""
    return METRICS


@hookimpl
def izcore_scorers() -> Iterable[ScorerRegistration]:
    """Ask a program, or a Python function."""
    return [
        ScorerRegistration(
            name="command",
            summary="A program of yours: prompt on standard input, answer on standard output",
            factory="izcore.builtins.command_scorer:CommandScorer",
            options=CommandOptions,
            argument="command",
        ),
        ScorerRegistration(
            name="callable",
            summary="A function that was given in Python: scorer=FUNCTION",
            factory="izcore.builtins.callables:CallableScorer",
            options=CallableOptions,
        ),
    ]


@hookimpl
def izcore_trackers() -> Iterable[TrackerRegistration]:
    """Keep a record of a run in a file."""
    return [
        TrackerRegistration(
            name="jsonl",
            summary="One line of JSON per event, appended to a file",
            factory="izcore.builtins.event_log:EventLog",
            options=EventLogOptions,
            argument="file",
        )
    ]


@hookimpl
def izcore_executors() -> Iterable[ExecutorRegistration]:
    """Perform jobs on this machine."""
    return [
        ExecutorRegistration(
            name="sequential",
            summary="One job after the other, in this process",
            factory="izcore.builtins.executors:SequentialExecutor",
        ),
        ExecutorRegistration(
            name="processes",
            summary="Several jobs at once, each worker a process of its own on this machine",
            factory="izcore.builtins.executors:ProcessesExecutor",
            options=ProcessesOptions,
            argument="workers",
        ),
    ]


@hookimpl
def izcore_exporters() -> Iterable[ExporterRegistration]:
    """Write a run whole, or as a table, and a prompt in plain formats."""
    return [
        *PROMPT_FORMATS,
        ExporterRegistration(
            name="json",
            summary="The whole run as one JSON object",
            factory="izcore.builtins.exporters:Json",
            suffixes=(".json",),
        ),
        ExporterRegistration(
            name="jsonl",
            summary="A line of JSON per trial; or, as jsonl:answers or jsonl:tests, per answer or test score",
            factory="izcore.builtins.exporters:JsonLines",
            options=TableOptions,
            argument="table",
            suffixes=(".jsonl",),
        ),
        ExporterRegistration(
            name="csv",
            summary="A table of trials; or, as csv:answers or csv:tests, of answers or test scores",
            factory="izcore.builtins.exporters:Csv",
            options=CsvOptions,
            argument="table",
            suffixes=(".csv",),
        ),
        ExporterRegistration(
            name="parquet",
            summary="The same tables in Parquet: a row per trial, answer or test score",
            factory="izcore.builtins.parquet:Parquet",
            options=TableOptions,
            argument="table",
            install='pip install "izcore[parquet]"',
            suffixes=(".parquet",),
        ),
    ]


@hookimpl
def izcore_presets() -> Iterable[Preset]:
    """Sizes of splits and search; which backends to use is for plugins to say."""
    return [
        Preset(
            name="uniform-halving",
            summary="300 latents spread evenly; many instructions see few examples, the best see all",
            settings={
                "surrogate": {"name": "sobol"},
                "splits": {"demonstrations": 5, "validation": 20, "retest": 20, "test": 100},
                "search": {"initial": 50, "batch": 50, "rounds": 5},
                "evaluation": {"policy": "halving", "first": 1, "reduction": 2.0, "finalists": 4},
            },
        ),
        Preset(
            name="default",
            summary="Sentences crossed with forms of the answer and exemplars; the best see all examples",
            settings={"coordinates": {"form": {}, "exemplars": {"sets": 1}}},
            extends="uniform-halving",
        ),
        Preset(
            name="quick",
            summary="The default with fewer trials and at most 60 test examples: a first look within minutes",
            settings={"splits": {"test": 60}, "search": {"rounds": 2}},
            extends="default",
        ),
        Preset(
            name="random",
            summary="Uniform latents, each instruction on all examples: the paper's baseline",
            settings={"surrogate": {"name": "random"}, **_PUBLISHED},
            extends="uniform-halving",
        ),
        Preset(
            name="paper",
            summary="The published algorithm with its published settings",
            settings={"surrogate": {"name": "sobol"}, **_PUBLISHED},
        ),
    ]
