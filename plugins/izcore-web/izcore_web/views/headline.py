"""The first thing that a page shows: the prompt, its score beside the baselines, its cost, what it means."""

from collections.abc import Mapping, Sequence

from izcore import Run, RunResult
from izcore.plugin import Example, FinishReason, Record
from izcore_web.views.leader import leader

STATUS = {
    "done": "finished",
    "running": "running",
    "interrupted": "interrupted",
    "failed": "failed",
    "out_of_budget": "stopped by its budget",
}
"""How far a run is, in words."""

UNUSUAL: Mapping[FinishReason, str] = {
    "refusal": "were refused by the model",
    "filtered": "were withheld by a content filter",
    "length": "were cut at the limit of output tokens",
    "empty": "were empty",
}


class Standing(Record):
    """A line of the table of scores; ``lead`` and ``p_value`` are the winner's, beside a baseline."""

    name: str
    score: float
    low: float
    high: float
    n: int
    lead: float | None = None
    p_value: float | None = None
    instruction: str = ""


class Headline(Record):
    """``prompt`` are the messages of the winner as they are sent; ``warnings`` are what is odd about the run.

    ``tested`` says that the score is of the sealed test split; otherwise it is of the examples that chose the
    instruction, which flatters it. ``score`` is None where nothing has one yet.
    """

    title: str
    status: str
    finished: bool
    lead: str
    instruction: str
    prompt: tuple[Mapping[str, str], ...]
    coordinates: Mapping[str, str]
    exemplars: tuple[Example, ...]
    tested: bool
    score: Standing | None
    standings: tuple[Standing, ...]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]


def headline(run: Run) -> Headline:
    """Return what is to be said first of a run, whether it has ended or not."""
    result = run.result
    best = result.best if result else None
    if result and best:
        standings = _standings(result)
        return Headline(
            title=run.task,
            status=STATUS[run.status],
            finished=run.status == "done",
            lead=result.conclusion,
            instruction=best.instruction,
            prompt=best.messages,
            coordinates=best.coordinates,
            exemplars=best.exemplars,
            tested=best.test is not None,
            score=standings[0] if standings else None,
            standings=standings,
            facts=_facts(run, result),
            warnings=_warnings(result),
        )
    found = leader(run)
    mean = found.mean if found else None
    return Headline(
        title=run.task,
        status=STATUS[run.status],
        finished=False,
        lead=_so_far(run),
        instruction=found.candidate.instruction if found else "",
        prompt=(),
        coordinates=dict(found.candidate.coordinates) if found else {},
        exemplars=found.candidate.exemplars if found else (),
        tested=False,
        score=Standing(name="best so far", score=mean, low=mean, high=mean, n=len(found.known_scores))
        if found and mean is not None
        else None,
        standings=(),
        facts=_facts(run, None),
        warnings=run.notes,
    )


def _standings(result: RunResult) -> tuple[Standing, ...]:
    best = result.best
    if best is None or best.test is None:
        return ()
    test = best.test
    mine = Standing(name="this instruction", score=test.score, low=test.low, high=test.high, n=test.n)
    return (
        mine,
        *(
            Standing(
                name=each.name,
                score=each.test.score,
                low=each.test.low,
                high=each.test.high,
                n=each.test.n,
                lead=each.difference,
                p_value=each.shown_p_value,
                instruction=each.instruction,
            )
            for each in result.baselines
        ),
    )


def _so_far(run: Run) -> str:
    trials = f"{len(run.trials):,} trials" if len(run.trials) != 1 else "1 trial"
    if run.status == "running":
        return f"This run is at work: {trials} so far. Nothing has been tested yet."
    return (
        f"This run is not finished ({STATUS[run.status]}): it has {trials}, and nothing was tested. "
        f"It goes on with: iz resume {run.id}"
    )


def _facts(run: Run, result: RunResult | None) -> tuple[tuple[str, str], ...]:
    if result is None:
        calls = sum(trial.calls for trial in run.trials)
        tokens = sum(trial.usage.total for trial in run.trials)
        cost: float | None = sum(trial.cost_usd for trial in run.trials) or None
        different = len({trial.candidate.guidance.key for trial in run.trials})
        cached, seconds = sum(trial.cached_calls for trial in run.trials), run.seconds
    else:
        calls, cached, tokens = result.calls, result.cached_calls, result.tokens.total
        cost, different, seconds = result.cost_usd, result.unique_instructions, result.seconds
    best = result.best if result else None
    return (
        ("cost", "unknown price" if cost is None else dollars(cost)),
        ("calls", f"{calls:,}" + (f" + {cached:,} cached" if cached else "")),
        ("tokens", f"{tokens:,}"),
        ("time", duration(seconds)),
        *([("trials", f"{len(run.trials):,}")] if run.trials else []),
        ("different instructions", f"{different:,}"),
        *(
            [
                (
                    "validation score",
                    f"{best.validation.score:.2f} on {best.validation.n} "
                    + ("fresh examples" if best.validation.fresh else "examples that chose it"),
                )
            ]
            if best and best.validation.n
            else []
        ),
    )


def _warnings(result: RunResult) -> tuple[str, ...]:
    return (*_unusual(result), *_changed(result), *result.notes)


def _unusual(result: RunResult) -> Sequence[str]:
    told = [
        f"{result.finishes[reason]} {text}" for reason, text in UNUSUAL.items() if reason in result.finishes
    ]
    lines = []
    if told:
        total = sum(result.finishes.values())
        lines.append(f"Of {total:,} answers {', '.join(told)}; they are scored as they stand.")
    if result.lost_calls:
        lines.append(
            f"Sent and never answered: {result.lost_calls} of the calls, counted as they may be billed."
        )
    return lines


def _changed(result: RunResult) -> Sequence[str]:
    return [
        f"The run went on after {each.name} changed from {each.before} to {each.after}."
        for each in result.changes
        if each.accepted
    ]


def dollars(cost: float) -> str:
    """Show US dollars, small amounts to the hundredth of a cent."""
    return f"${cost:,.2f}" if cost >= 1 or cost == 0 else f"${cost:.4f}"


def duration(seconds: float) -> str:
    """Show seconds in the largest units that fit."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"
