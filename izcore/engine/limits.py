"""Fits a run into its limits before it starts: how large test and retest are, how wide the first round."""

import math
from collections.abc import Sequence

import msgspec

from izcore.config.schema import Limits, RunConfig, SearchSize
from izcore.engine.splits import SMALLEST_SCORED_SPLIT
from izcore.engine.workload import Size, tested_instructions
from izcore.plugin.errors import UsageError
from izcore.plugin.estimates import Estimate, EstimatedCalls, LimitName
from izcore.plugin.record import Record
from izcore.scoring.budget_ledger import dollars
from izcore.scoring.usual_usage import MARGIN
from izcore.storage.records import RunPlan


class Room(Record):
    """What a limit has room for.

    ``per_answer`` is what the score of one answer is likely to take of the limit, with what grades it, and
    ``per_instruction`` what writing one takes.
    """

    limit: LimitName
    given: float
    per_answer: float
    per_instruction: float = 0.0

    def shown(self, amount: float) -> str:
        """Show so much of what is limited."""
        unit = self.limit.removeprefix("max_")
        return dollars(amount) if self.limit == "max_cost" else f"{amount:.0f} {unit}"


def rooms(limits: Limits, whole: Estimate, calls_per_answer: int) -> list[Room]:
    """Return what each limit has room for, to judge by what the ``whole`` run is expected to take."""
    tests = [part for part in whole.parts if part.phase == "test"]
    writes = [part for part in whole.parts if part.phase == "write"]
    answers = max((part.calls for part in tests), default=1)
    written = max((part.calls for part in writes), default=1)
    found = []
    if limits.max_calls is not None:
        one = 1.0 if writes else 0.0
        found.append(
            Room(limit="max_calls", given=limits.max_calls, per_answer=calls_per_answer, per_instruction=one)
        )
    if limits.max_tokens is not None:
        per_answer, per_instruction = _tokens(tests) / answers, _tokens(writes) / written
        found.append(_room("max_tokens", limits.max_tokens, per_answer, per_instruction))
    if limits.max_cost is not None:
        per_answer, per_instruction = _cost(tests) / answers, _cost(writes) / written
        found.append(_room("max_cost", limits.max_cost, per_answer, per_instruction))
    return [room for room in found if room.per_answer]


def fit_into_limits(
    plan: RunPlan, config: RunConfig, whole: Estimate, found: Sequence[Room], size: Size
) -> tuple[RunConfig, RunPlan]:
    """Return the run with shorter test and retest splits, and a narrower first round, where limits want it.

    Limits that are likely to suffice change nothing. Else the final test gets at most half of a limit, and
    the comparison of the finalists a quarter of the rest; the first round has no more instructions than what
    is left can bring to a complete trial, so that what is paid for does not come to nothing. Raises
    UsageError where a limit has no room for a trial and the smallest test, or for a first round that tries
    the user's own instructions with each choice of the coordinates.
    """
    if all(check.verdict != "too small" for check in whole.limits):
        return config, plan
    splits, finalists = plan.splits, config.evaluation.finalists
    tested = tested_instructions(config, size.coordinates, unsteered=size.unsteered)
    widest = min(config.search.initial, size.trials)
    test, retest, initial, starting = len(splits.test), len(splits.retest), widest, len(plan.starting)
    for room in found:
        fitting = int(room.given / 2 / (tested * room.per_answer))
        test = min(test, fitting)
        _check(room, plan, tested, test)
    left = {room: room.given - test * tested * room.per_answer for room in found}
    for room in found:
        retest = min(retest, int(left[room] / 4 / (finalists * room.per_answer)))
    for room in found:
        left[room] -= retest * finalists * room.per_answer
        starting = min(starting, _fitting_start(room, plan, left[room], size))
    size = msgspec.structs.replace(size, starting=starting)
    for room in found:
        initial = min(initial, _first_round(room, left[room], config.search.pool, initial, size))
    only_calls = all(room.limit == "max_calls" for room in found)
    most = "most of the calls are" if only_calls else "most of the budget is"
    notes = [
        f"{name}: {kept} of {len(wanted)} examples, so that {most} left for the search."
        for name, kept, wanted in (("test", test, splits.test), ("retest", retest, splits.retest))
        if kept < len(wanted)
    ]
    if starting < len(plan.starting):
        notes.append(
            f"start: {starting} of {len(plan.starting)} combinations with the choices of the coordinates, "
            f"each choice about equally often, so that {most} left for the search."
        )
        plan = msgspec.structs.replace(plan, starting=plan.starting[:starting])
    if initial < widest:
        notes.append(
            f"search: rounds of at most {initial} instructions instead of {widest}, so that the limit lets "
            "them come to complete trials."
        )
        config = msgspec.structs.replace(config, search=_narrower(config.search, initial))
    shorter = msgspec.structs.replace(splits, test=splits.test[:test], retest=splits.retest[:retest])
    return config, msgspec.structs.replace(plan, splits=shorter, notes=(*plan.notes, *notes))


def _check(room: Room, plan: RunPlan, tested: int, test: int) -> None:
    examples = len(plan.splits.validation)
    trial = examples * room.per_answer + room.per_instruction
    least = min(len(plan.splits.test), SMALLEST_SCORED_SPLIT)
    smallest = least * tested * room.per_answer
    if test >= least and room.given - test * tested * room.per_answer >= trial:
        return
    needed = max(2 * smallest, 2 * trial)
    too_few = "is too little" if room.limit == "max_cost" else "are too few"
    about = "" if room.limit == "max_calls" else "about "
    raise UsageError(
        f"budget.{room.limit}: {room.shown(room.given)} {too_few}: there is no room for the final test of "
        f"{tested} instructions and a trial on {examples} validation examples, which need {about}"
        f"{room.shown(needed)}.",
        hint=f"Raise --{room.limit.replace('_', '-')}, or lower splits.validation.",
    )


def _fitting_start(room: Room, plan: RunPlan, left: float, size: Size) -> int:
    """Return with how many of the user's own candidates the first round begins: all, or fewer combinations.

    They take at most half of what is left for the search, unless each choice is there but once. Raises
    UsageError where that is more than what is left.
    """
    own = len({candidate.sentence for candidate in plan.starting})
    if not own:
        return 0
    fewest = own * max(map(len, size.coordinates.values()), default=1)
    for starting in range(size.starting, fewest, -own):
        if _starting_round(room, starting, size) <= left / 2:
            return starting
    lacking = _starting_round(room, fewest, size) - left
    if lacking <= 0:
        return fewest
    cells = fewest // own
    combined = f" with {cells} combinations of the coordinates each" if cells > 1 else ""
    too_few = "is too little" if room.limit == "max_cost" else "are too few"
    # The final test takes at most half of what comes on top, the finalists a quarter of the rest.
    more = 2.7 * lacking
    enough = room.given + (more if room.limit == "max_cost" else math.ceil(more))
    raise UsageError(
        f"budget.{room.limit}: {room.shown(room.given)} {too_few} to try {own} "
        f"instruction{'s' if own > 1 else ''} of your own{combined}; {room.shown(enough)} would do.",
        hint=f"Raise --{room.limit.replace('_', '-')}, or leave out some of --start or --coordinate.",
    )


def _starting_round(room: Room, starting: int, size: Size) -> float:
    """Return what a first round takes of so many of the user's own candidates and one that is written."""
    first = size.rounds[0]
    answers = first.most_at_first(min(starting + 1, first.instructions))
    return answers * room.per_answer + room.per_instruction


def _first_round(room: Room, left: float, pool: int, widest: int, size: Size) -> int:
    """Return how many instructions may be written for a round that comes to its end; one at least."""
    first = size.rounds[0]
    if len(first.rungs) == 1:
        return widest  # trials are complete one after another
    for initial in range(widest, 1, -1):
        instructions = min(initial + size.starting, first.instructions)
        answers = first.most_at_first(instructions) * room.per_answer
        if answers + max(pool, initial) * room.per_instruction <= left:
            return initial
    return 1


def _narrower(search: SearchSize, widest: int) -> SearchSize:
    """Return a search of as many trials in narrower rounds, and so in more of them."""
    batch = min(search.batch, widest)
    rounds = math.ceil((search.total - widest) / batch)
    return msgspec.structs.replace(search, initial=widest, batch=batch, rounds=rounds)


def _room(limit: LimitName, given: float, per_answer: float, per_instruction: float) -> Room:
    return Room(
        limit=limit, given=given, per_answer=per_answer * MARGIN, per_instruction=per_instruction * MARGIN
    )


def _tokens(parts: Sequence[EstimatedCalls]) -> float:
    return sum(part.calls * (part.input_tokens + part.output_tokens) for part in parts)


def _cost(parts: Sequence[EstimatedCalls]) -> float:
    return sum(
        part.calls * (part.input_tokens * part.price.input + part.output_tokens * part.price.output) / 1e6
        for part in parts
        if part.price
    )
