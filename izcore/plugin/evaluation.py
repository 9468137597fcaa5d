"""Frozen records that an evaluation policy is asked with, and answers with."""

from izcore.plugin.record import Record


class RungsRequest(Record):
    """Asks after how many examples the instructions of a round shall be compared.

    ``examples`` is the number of validation examples. ``searched`` is the most instructions that the whole
    search may score. ``round`` counts the rounds that are compared, from 0.
    """

    examples: int
    searched: int
    round: int = 0


class Rung(Record):
    """A comparison: after how many examples it takes place, and how many instructions may go on.

    ``examples`` counts from the first example. Of n instructions at most n / ``reduction`` go on, rounded
    up; 1 lets all go on. Of those ``likely`` is the share that is expected to. An estimate of calls relies on
    both: on the first for the most that there can be, on the second for what is likely.
    """

    examples: int
    reduction: float = 1.0
    likely: float = 1.0


class RungsResult(Record):
    """The rungs in order, each with more examples than the one before; the last has all of them.

    ``instructions`` is how many instructions the search proposes for the round at most, at least 1; None
    leaves it to ``search.initial`` and ``search.batch``, which are never exceeded.

    ``advance`` is how many rungs an instruction goes up in one round at most, at least 1. It may then be
    suggested again in a later round, and goes on from where it stands: who sees more examples is the
    surrogate's choice. None lets it go up as far as it stays, and a repeated one is not scored again.
    """

    rungs: tuple[Rung, ...]
    instructions: int | None = None
    advance: int | None = None


class StayRequest(Record):
    """Asks which instructions go on after a rung that is not the last.

    ``scores`` holds for each instruction its scores on the rung's examples, less its penalty, in the same
    order of examples, without those that are set aside; instructions stand in the order in which they were
    written. ``compared`` counts the instructions that took part in the rung, and ``instructions`` those with
    which the round began. ``incumbent`` holds the scores of the best trial so far
    on the same examples, and is empty where there is none or some are missing. ``rung`` counts from 0, of
    ``rungs`` in all.
    """

    scores: tuple[tuple[float, ...], ...]
    compared: int
    instructions: int
    rung: int
    rungs: int
    incumbent: tuple[float, ...] = ()


class StayResult(Record):
    """The places in ``StayRequest.scores`` of the instructions that go on, each once."""

    indices: tuple[int, ...]
