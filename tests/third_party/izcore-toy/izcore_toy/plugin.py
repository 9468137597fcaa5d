"""Registers the toy's backends."""

from typing import Annotated

from izcore.plugin import (
    CommandRegistration,
    CoordinateRegistration,
    EvaluationPolicyRegistration,
    ExecutorRegistration,
    ExporterRegistration,
    GeneratorRegistration,
    Meta,
    MetricRegistration,
    Options,
    ScorerRegistration,
    SurrogateRegistration,
    TaskRegistration,
    hookimpl,
)

IZCORE_API = 1


class ObedientOptions(Options):
    model: Annotated[str, Meta(description="Only part of the identity")] = "obedient-1"
    mistakes: Annotated[float, Meta(ge=0, le=1, description="Share of prompts answered wrongly")] = 0.0
    faults: Annotated[float, Meta(ge=0, le=1, description="Share of calls that fail once, transiently")] = 0.0
    seconds: Annotated[float, Meta(ge=0, description="How long a call takes")] = 0.0
    concurrency: Annotated[int, Meta(ge=1, description="Requests under way at once")] = 1
    batch_size: Annotated[int, Meta(ge=1, description="Most prompts in one request")] = 1
    down: Annotated[str, Meta(description="While this file exists, every call fails transiently")] = ""
    log: Annotated[str, Meta(description="File that gets a line per answered prompt")] = ""


PHRASES = (
    "Say something nice.",
    "Repeat the input.",
    "Write the input in reverse.",
    "Write the first letter.",
    "Write the input in upper case.",
    "Count the letters.",
    "Write the plural.",
    "Write the input twice.",
)


class PhrasesOptions(Options):
    latent_dim: Annotated[int, Meta(ge=1, description="Dimension of the latents")] = 2
    phrases: Annotated[tuple[str, ...], Meta(min_length=1, description="What the latents choose from")] = (
        PHRASES
    )


class ScribeOptions(Options):
    phrases: Annotated[tuple[str, ...], Meta(min_length=1, description="What it writes, one at a time")] = (
        PHRASES
    )
    babble: Annotated[float, Meta(ge=0, le=1, description="Share of answers that say nothing")] = 0.0
    seconds: Annotated[float, Meta(ge=0, description="How long a call takes")] = 0.0


class MirrorOptions(Options):
    size: Annotated[int, Meta(ge=1, description="Number of examples")] = 80


@hookimpl
def izcore_scorers():
    return [
        ScorerRegistration(
            name="obedient",
            summary="Plain Python that follows a few instructions",
            factory="izcore_toy.backends:Obedient",
            options=ObedientOptions,
            argument="model",
        ),
        ScorerRegistration(
            name="scribe",
            summary="Plain Python that writes an instruction whatever it is asked",
            factory="izcore_toy.backends:Scribe",
            options=ScribeOptions,
        ),
    ]


@hookimpl
def izcore_generators():
    return [
        GeneratorRegistration(
            name="phrases",
            summary="Latents choose among phrases",
            factory="izcore_toy.backends:Phrases",
            options=PhrasesOptions,
        )
    ]


@hookimpl
def izcore_tasks():
    return [
        TaskRegistration(
            name="mirror",
            summary="Words and their mirror images",
            factory="izcore_toy.backends:Mirror",
            options=MirrorOptions,
        )
    ]


@hookimpl
def izcore_surrogates():
    return [
        SurrogateRegistration(
            name="lattice", summary="A rank-1 lattice", factory="izcore_toy.backends:Lattice"
        ),
        SurrogateRegistration(
            name="crossing", summary="Crosses sentences and cells", factory="izcore_toy.backends:Crossing"
        ),
    ]


@hookimpl
def izcore_metrics():
    return [
        MetricRegistration(
            name="same_letters", summary="Share of equal letters", factory="izcore_toy.backends:SameLetters"
        ),
    ]


@hookimpl
def izcore_evaluation_policies():
    return [
        EvaluationPolicyRegistration(
            name="knockout",
            summary="Half of the examples for all, the others for the better half",
            factory="izcore_toy.backends:Knockout",
        ),
    ]


@hookimpl
def izcore_coordinates():
    return [
        CoordinateRegistration(
            name="manner", summary="How politely it is said", factory="izcore_toy.backends:Manner"
        ),
    ]


@hookimpl
def izcore_executors():
    return [
        ExecutorRegistration(
            name="backwards", summary="The last job first", factory="izcore_toy.backends:Backwards"
        ),
    ]


@hookimpl
def izcore_exporters():
    return [
        ExporterRegistration(
            name="headline", summary="The best instruction alone", factory="izcore_toy.backends:Headline"
        ),
    ]


@hookimpl
def izcore_commands():
    return [
        CommandRegistration(
            name="duel",
            summary="Let two configurations run once, and say which did better.",
            app="izcore_toy.duel:duel",
        ),
    ]
