"""Options of the core's own backends."""

from typing import Annotated, Literal

from izcore.plugin import Meta, Options


class PoolOptions(Options):
    """Options of the ``pool`` generator."""

    file: Annotated[
        str, Meta(min_length=1, description="Text file: one instruction per line; # starts a comment line")
    ]


class ProcessesOptions(Options):
    """Options of the executor ``processes``."""

    workers: Annotated[int, Meta(ge=1, description="Jobs at once, each in a process of its own")] = 2


class EventLogOptions(Options):
    """Options of the tracker ``jsonl``."""

    file: Annotated[str, Meta(min_length=1, description="The file to append to; one JSON object per line")]
    texts: Annotated[bool, Meta(description="Prompts and answers, too: the task's data")] = False


class TableOptions(Options):
    """Options of the exporters that write tables."""

    table: Annotated[
        Literal["trials", "answers", "tests"],
        Meta(description="The rows: trials, answers of the black box, or scores on the test split"),
    ] = "trials"


class CsvOptions(TableOptions):
    """Options of the exporter ``csv``."""

    raw: Annotated[
        bool,
        Meta(
            description="Write texts to the byte, for programs; else nothing is a formula or escape sequence"
        ),
    ] = False


class HalvingOptions(Options):
    """Options of the evaluation policy ``halving``."""

    first: Annotated[int, Meta(ge=1, description="Examples of the first comparison")] = 4
    reduction: Annotated[
        float, Meta(gt=1, description="Of so many instructions one stays after a comparison")
    ] = 3.0


class HyperbandOptions(Options):
    """Options of the evaluation policy ``hyperband``; the defaults are those of HbBoPs (arXiv 2412.07820)."""

    first: Annotated[int, Meta(ge=1, description="Examples of the first comparison, at least")] = 10
    reduction: Annotated[
        float,
        Meta(ge=2, description="Of so many instructions one stays, for as many times the examples"),
    ] = 2.0


class StepwiseOptions(Options):
    """Options of the evaluation policy ``stepwise``."""

    first: Annotated[int, Meta(ge=1, description="Examples that a new instruction is scored on")] = 1


class RacingOptions(Options):
    """Options of the evaluation policy ``racing``."""

    first: Annotated[int, Meta(ge=1, description="Examples of each comparison")] = 4
    risk: Annotated[float, Meta(gt=0, lt=1, description="Most probability of losing the best of a round")] = (
        0.1
    )


class ExemplarOptions(Options):
    """Options of the coordinate ``exemplars``."""

    examples: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(
            description="Demonstrations in a set, shown in every prompt; unset: three, or as many as there "
            "are and stay short"
        ),
    ] = None
    sets: Annotated[
        int, Meta(ge=1, description="Random sets among which the search chooses, beside no exemplars")
    ] = 4
    shown: Annotated[
        Literal["either", "message", "turns"],
        Meta(
            description="Where a set stands: within the prompt's text, or before it as a conversation in "
            "which the model gave the targets; either: the search chooses, where template and scorer allow"
        ),
    ] = "either"


class OutputFormOptions(Options):
    """Options of the coordinate ``form``."""

    reason: Annotated[
        bool,
        Meta(description="Also: reason first, then write the answer behind a mark; such answers are long"),
    ] = False
    forms: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Only these forms, by name, beside no demand; none: all that fit the targets"),
    ] = ()
    room: Annotated[int, Meta(ge=1, description="Tokens that a model may write to reason and answer")] = 512
    clauses: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Sentences of your own about the form, offered beside the others"),
    ] = ()
