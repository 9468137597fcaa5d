"""Options of the metrics."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from izcore.builtins.metrics.normalisation import Normalisation
from izcore.plugin.record import Options

READINGS = 3
"""How often a judge is asked for a grade before an answer counts as not graded."""


class TextOptions(Options, frozen=True, kw_only=True):
    """What of a text counts when it is compared."""

    normalise: Annotated[
        Normalisation,
        Meta(
            description="What counts: standard ignores final punctuation, quotes around the text and extra "
            "white space; paper is the published normalisation (first line up to the first full stop, no "
            "punctuation); none compares every character"
        ),
    ] = "standard"
    case_sensitive: Annotated[bool, Meta(description="Whether upper and lower case differ")] = False


class ChoiceOptions(Options, frozen=True, kw_only=True):
    """How an answer names one of the choices."""

    which: Annotated[
        Literal["first", "last", "only"],
        Meta(description="Which choice counts when the answer names several; only: such an answer scores 0"),
    ] = "first"
    letters: Annotated[bool, Meta(description="Whether (A), B. … name the choices in their order")] = True


class NumberOptions(Options, frozen=True, kw_only=True):
    """Which number of an answer counts, and how near it must be."""

    which: Annotated[Literal["first", "last"], Meta(description="Which number of the answer is compared")] = (
        "last"
    )
    abs_tolerance: Annotated[
        float, Meta(ge=0, description="Largest difference from the target that still counts as right")
    ] = 0.0
    decimal: Annotated[
        Literal[".", ","], Meta(description="The decimal separator; the other one groups thousands")
    ] = "."


class JsonOptions(Options, frozen=True, kw_only=True):
    """How JSON answers are compared with JSON targets."""

    match: Annotated[
        Literal["exact", "fields"],
        Meta(
            description="exact: the whole value must be equal; fields: the share of right fields among those "
            "that the target or the answer has"
        ),
    ] = "exact"
    case_sensitive: Annotated[bool, Meta(description="Whether upper and lower case differ")] = False


class RegexOptions(Options, frozen=True, kw_only=True):
    """The pattern that an answer must match."""

    pattern: Annotated[
        str,
        Meta(
            min_length=1,
            description="Regular expression searched for in the answer; {target} stands for the target, "
            r"taken literally, as in ^answer:\s*{target}$",
        ),
    ]
    case_sensitive: Annotated[bool, Meta(description="Whether upper and lower case differ")] = False


class FunctionOptions(Options, frozen=True, kw_only=True):
    """Where the function is."""

    path: Annotated[
        str,
        Meta(
            min_length=1,
            description="package.module:function, called with the answer and the targets; returns a score "
            "in [0, 1]. A module in the current folder is found too",
        ),
    ]


class CallableOptions(Options, frozen=True, kw_only=True):
    """Which function it is."""

    function: Annotated[str, Meta(min_length=1, description="The function's name; izcore fills it in")]


class JudgeOptions(Options, frozen=True, kw_only=True):
    """What a model grades by."""

    rubric: Annotated[str, Meta(description="What a good answer is, in your own words")]
    judge: Annotated[
        str | Mapping[str, Any],
        Meta(
            description="The model that grades: SCORER:MODEL, or a table of name and the scorer's options; "
            "else the black box itself"
        ),
    ] = ""
    best_grade: Annotated[
        int, Meta(ge=1, le=100, description="Grades go from 0 to this; 1 is a plain yes or no")
    ] = 5
    show_targets: Annotated[
        bool, Meta(description="Whether the judge sees the example's targets as reference answers")
    ] = True
