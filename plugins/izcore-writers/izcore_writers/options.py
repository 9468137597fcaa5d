"""Options of the writing generators; the defaults are those of the papers."""

from collections.abc import Mapping
from typing import Annotated, Any

from izcore.plugin import Meta, Options

TRIES = 3
"""How often an instruction is asked for before something stands in for it."""

Initial = Annotated[
    str | tuple[str, ...],
    Meta(description="Instructions to begin with: a list, or a text file with one a line"),
]
Temperature = Annotated[float, Meta(ge=0, description="Of the writing model")]
Room = Annotated[
    int, Meta(ge=1, description="Tokens of an answer for which the writing model gets room at least")
]
MaxWords = Annotated[
    int, Meta(ge=1, description="Longest instruction; of a longer one only whole sentences are kept")
]
"""What methods share, each with its paper's default."""


class WriterOptions(Options, frozen=True, kw_only=True):
    """What all of them have in common."""

    writer: Annotated[
        str | Mapping[str, Any],
        Meta(
            description="The model that writes: SCORER:MODEL, or a table of name and the scorer's options; "
            "else the black box itself"
        ),
    ] = ""
    initial: Initial = ()
    exemplars: Annotated[
        int, Meta(ge=1, description="Demonstrations shown at a time, drawn anew from those of the run")
    ] = 5
    temperature: Temperature = 0.9
    room: Room = 100
    max_words: MaxWords = 60


class ApeOptions(WriterOptions, frozen=True, kw_only=True):
    """Options of APE."""

    best: Annotated[
        int,
        Meta(
            ge=0,
            description="Best instructions so far, of which variations are written; 0: only proposals, in "
            "every round",
        ),
    ] = 10


class OproOptions(WriterOptions, frozen=True, kw_only=True):
    """Options of OPRO."""

    initial: Initial = ("Let's solve the problem.",)
    exemplars: Annotated[
        int, Meta(ge=1, description="Demonstrations shown at a time, drawn anew for every step")
    ] = 3
    temperature: Temperature = 1.0
    room: Room = 200
    trajectory: Annotated[
        int, Meta(ge=1, description="Best instructions so far that are shown with scores")
    ] = 20


class EvoPromptOptions(WriterOptions, frozen=True, kw_only=True):
    """Options of EvoPrompt, both variants."""

    population: Annotated[int, Meta(ge=2, description="Instructions that live at a time")] = 10
    temperature: Annotated[
        float, Meta(ge=0, description="Of the writing model, when it crosses and mutates")
    ] = 0.5
    room: Room = 300


class LongWriterOptions(WriterOptions, frozen=True, kw_only=True):
    """Options of methods whose instructions may be long, and are written with a word on why."""

    room: Room = 512
    max_words: MaxWords = 200


class GepaOptions(LongWriterOptions, frozen=True, kw_only=True):
    """Options of GEPA."""

    temperature: Temperature = 1.0
    minibatch: Annotated[
        int, Meta(ge=1, description="Answers of a parent that are shown, those that failed first")
    ] = 3


class PortfolioOptions(Options, frozen=True, kw_only=True):
    """Options of the portfolio."""

    writers: Annotated[
        str | tuple[str | Mapping[str, Any], ...],
        Meta(
            description="The generators that write: a list of NAME:ARGUMENT, or of tables of a name and "
            "options; or names between commas"
        ),
    ] = ()


class ReElicitOptions(LongWriterOptions, frozen=True, kw_only=True):
    """Options of ReElicit."""

    temperature: Temperature = 0.7
    features: Annotated[int, Meta(ge=1, le=20, description="Features that are named")] = 4
    elicitations: Annotated[
        int, Meta(ge=1, description="Sets of features that are named in every round, of which one is kept")
    ] = 5
    shown: Annotated[
        int, Meta(ge=2, description="Instructions that are shown with scores when features are named")
    ] = 12
    measured: Annotated[int, Meta(ge=1, description="Instructions that one question places")] = 10
    writes: Annotated[
        int, Meta(ge=1, description="How often an instruction is written to a point, at most")
    ] = 10
    tolerance: Annotated[
        float, Meta(ge=0, le=1, description="Mean distance over the features that is near enough")
    ] = 0.1


class MinibatchOptions(Options, frozen=True, kw_only=True):
    """Options of the evaluation policy ``minibatch``."""

    size: Annotated[
        int, Meta(ge=1, description="Examples on which an instruction may not be worse than the best so far")
    ] = 3
