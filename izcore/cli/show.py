"""Renders plans, results and scores for people."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from izcore.cli.shared import out, print_json
from izcore.cli.show_estimate import add_estimate
from izcore.config.sources import own_default_files
from izcore.plugin.examples import Example, Splits
from izcore.plugin.results import TestScore
from izcore.scoring.budget_ledger import dollars
from izcore.storage.records import NO_BACKEND

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from izcore.config.schema import Limits, RunConfig
    from izcore.engine.plan import PlannedRun
    from izcore.engine.score_result import ScoreResult
    from izcore.plugin.calls import FinishReason
    from izcore.plugin.kinds import Kind
    from izcore.plugin.results import Best, Change, CoordinateEffect, RunResult
    from izcore.registry.choices import BackendChoice
    from izcore.registry.registry import Registry

UNUSUAL: "Mapping[FinishReason, str]" = {
    "refusal": "were refused by the model",
    "filtered": "were withheld by a content filter",
    "length": "were cut at the limit of output tokens (the scorer has an option to raise it)",
    "empty": "were empty",
}


def show_plan(console: Console, registry: "Registry", planned: "PlannedRun") -> None:
    """Say what a run will do and what it may cost."""
    config, splits, estimate = planned.config, planned.plan.splits, planned.estimate
    rows = _grid()
    rows.add_row("task", Text(planned.plan.task_name))
    if files := own_default_files():
        rows.add_row("defaults", Text(", ".join(map(str, files))))
    add_backends(rows, registry, config)
    add_departures(rows, config)
    rows.add_row("examples", f"{split_sizes(splits)} (sealed)")
    rows.add_row("search", f"at most {estimate.trials} trials")
    for name, values in planned.plan.coordinates.items():
        rows.add_row(name, Text("; ".join(value.name for value in values)))
    add_estimate(rows, estimate)
    for note in planned.plan.notes:
        rows.add_row("note", Text(note, "yellow"))
    console.print(rows)


def limits_line(budget: "Limits") -> str:
    """The limits of a budget, as far as there are any."""
    parts = []
    if budget.max_calls is not None:
        parts.append(f"{budget.max_calls:,} calls")
    if budget.max_tokens is not None:
        parts.append(f"{budget.max_tokens:,} tokens")
    if budget.max_cost is not None:
        parts.append(dollars(budget.max_cost))
    return ", ".join(parts)


def split_sizes(splits: "Splits") -> str:
    """Say how many examples go where."""
    retest = f"{len(splits.retest)} for finalists, " if splits.retest else ""
    return (
        f"{len(splits.demonstrations)} demonstrations, {len(splits.validation)} validation, {retest}"
        f"{len(splits.test)} test"
    )


def add_backends(rows: Table, registry: "Registry", config: "RunConfig") -> None:
    """Add a row for each backend of a run but the task."""
    chosen: dict[Kind, BackendChoice | None] = {
        "generator": config.generator,
        "scorer": config.scorer,
        "surrogate": config.surrogate,
        "metric": config.metric,
    }
    for kind, choice in chosen.items():
        if choice is not None and choice.name != NO_BACKEND:
            rows.add_row(kind, Text(registry.describe(kind, choice)))
    for choice in config.trackers:
        rows.add_row("tracker", Text(registry.describe("tracker", choice)))


def add_departures(rows: Table, config: "RunConfig") -> None:
    """Add a row for an objective beside the score, and for exemplars, where a run has them."""
    objective, few_shot = config.objective, config.few_shot
    penalties = []
    if objective.length_penalty:
        penalties.append(f"{objective.length_penalty:g} per 100 characters")
    if objective.cost_penalty:
        penalties.append(f"{objective.cost_penalty:g} per dollar that 1,000 answers cost")
    if penalties:
        rows.add_row("objective", f"score, less {' and '.join(penalties)}")
    if few_shot.examples:
        rows.add_row("few-shot", f"{few_shot.sets} sets of {few_shot.examples} exemplars, or none")


def present_result(result: "RunResult", *, json: bool) -> None:
    """Print a finished run, for people or as JSON."""
    if json:
        print_json(result)
    else:
        show_result(result)


def show_result(result: "RunResult") -> None:
    """Print a finished run."""
    console, best = out(), result.best
    if best is None:
        console.print(f"Run {result.run_id}: {result.status}, without a result.")
        return
    console.print(Text(best.instruction, "bold green"))
    show_exemplars(console, best.exemplars)
    if best.coordinates:
        chosen = (f"{name}: {value}" for name, value in best.coordinates.items())
        console.print(Text("; ".join(chosen), "green"))
    _show_messages(console, best)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("on the sealed test split", "score", "95% interval", "n", "winner's lead", "p"):
        table.add_column(heading, justify="left" if heading == "on the sealed test split" else "right")
    if best.test:
        table.add_row("this instruction", *_score_cells(best.test), "", "")
    for baseline in result.baselines:
        lead, p_value = f"{baseline.difference:+.2f}", f"{baseline.shown_p_value:.2g}"
        table.add_row(Text(baseline.name), *_score_cells(baseline.test), lead, p_value)
    console.print(table)
    if sum(each.adjusted_p_value is not None for each in result.baselines) > 1:
        console.print(f"p is adjusted for {len(result.baselines)} baselines.", style="dim")
    console.print(Text(result.conclusion))
    for line in effect_lines(result.effects):
        console.print(Text(line))
    if result.agreement:
        agreement = result.agreement
        console.print(
            f"Of {agreement.n} answers graded twice, {agreement.share:.0%} got the same grade "
            f"(mean difference {agreement.difference:.2f})."
        )
    if result.lost_calls:
        console.print(
            f"Sent and never answered: {result.lost_calls} of the calls, counted as they may be billed.",
            style="yellow",
        )
    _show_unusual(result.finishes)
    for change in result.changes:
        if change.accepted:
            console.print(Text(f"The run went on after {change_line(change)}.", "yellow"))
    for note in result.notes:
        console.print(Text(note, "yellow"))
    console.print(
        f"{validation_line(best)}; "
        f"{result.trials} trials, {result.unique_instructions} different instructions; {spent_line(result)}; "
        f"{result.seconds:.0f} s",
        style="dim",
    )
    console.print(f"All of it: iz runs show {result.run_id}", style="dim")


def change_line(change: "Change") -> str:
    """Say in one line what was different when a run went on, and whether it had to be accepted."""
    told = "accepted with --accept-changes" if change.accepted else "no result depends on it as a rule"
    return f"{change.name} changed from {change.before} to {change.after} ({told})"


def _show_messages(console: Console, best: "Best") -> None:
    """Print the winner as it is sent, to be taken away: each message under the name of who speaks."""
    if best.messages:
        console.print("The whole prompt, as it is sent:", style="dim")
    for message in best.messages:
        console.print(Text(f"  {message['role']}", "dim"))
        for line in message["content"].splitlines():
            console.print(Text(f"    {line}"), soft_wrap=True)


def show_exemplars(console: Console, exemplars: tuple[Example, ...]) -> None:
    """Print the exemplars that go with an instruction, if there are any."""
    for exemplar in exemplars:
        console.print(Text(f"with the exemplar {exemplar.full_input!r}: {exemplar.targets[0]!r}", "green"))


def show_score(result: "ScoreResult") -> None:
    """Print the scores of instructions, how they compare in pairs, and the gates that hold."""
    if len(result.instructions) == 1:
        low, high = f"{result.test.low:.2f}", f"{result.test.high:.2f}"
        out().print(f"{result.test.score:.3f}  (95% interval {low} to {high}, n = {result.test.n})")
    else:
        _show_scores(result)
    if result.set_aside:
        out().print(f"Set aside: {result.set_aside}.", style="yellow")
    _show_unusual(result.finishes)
    for gate in result.gates:
        if gate.passed:
            out().print(Text(gate.reason, "green"))
    out().print(f"All of it: iz runs show {result.run_id}", style="dim")


def _show_scores(result: "ScoreResult") -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("", overflow="fold")
    for heading in ("score", "95% interval", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("instruction", overflow="fold")
    for each in result.instructions:
        table.add_row(Text(each.name), *_score_cells(each.test), Text(each.instruction))
    out().print(table)
    out().print()
    pairs = Table(box=None, padding=(0, 2, 0, 0))
    pairs.add_column("pair", overflow="fold")
    for heading in ("difference", "95% interval", "p, adjusted"):
        pairs.add_column(heading, justify="right", no_wrap=True)
    for pair in result.pairs:
        interval = f"{pair.low:+.2f} to {pair.high:+.2f}"
        names = Text(f"{pair.first} - {pair.second}")
        pairs.add_row(names, f"{pair.difference:+.3f}", interval, f"{pair.p_value:.2g}")
    out().print(pairs)
    if len(result.pairs) > 1:
        out().print(f"p is adjusted for {len(result.pairs)} pairs.", style="dim")


def score_less(score: float, penalty: float) -> str:
    """A validation score, and what the objective takes off it."""
    return f"{score:.2f} - {penalty:.2f}" if penalty else f"{score:.2f}"


def effect_lines(effects: "Sequence[CoordinateEffect]") -> list[str]:
    """Say in a line for each coordinate what its choices are worth."""
    told: dict[tuple[str, str], list[str]] = {}
    for effect in effects:
        worth = f"{effect.value} {effect.difference:+.2f} ± {effect.margin:.2f}"
        told.setdefault((effect.coordinate, effect.plainest), []).append(worth)
    return [
        f"What the {coordinate} is worth, beside {plainest!r}: {', '.join(worths)}."
        for (coordinate, plainest), worths in told.items()
    ]


def validation_line(best: "Best") -> str:
    """The winner's validation score, and how far it can be believed."""
    score, n = score_less(best.validation.score, best.penalty), best.validation.n
    if not n:
        return "not chosen on validation"
    if best.validation.fresh:
        return f"validation {score} on {n} fresh examples"
    return f"validation {score} on the {n} examples that chose it, so rather too high"


def spent_line(result: "RunResult") -> str:
    """Calls, tokens and money of a run, in one line."""
    cached = f" and {result.cached_calls} from the cache" if result.cached_calls else ""
    cost = "" if result.cost_usd is None else f", ${result.cost_usd:.4f}"
    return f"{result.calls} calls{cached}, {result.tokens.total:,} tokens{cost}"


def _show_unusual(finishes: "Mapping[FinishReason, int]") -> None:
    """Tell answers that did not end by themselves apart from those that are only wrong."""
    found = [f"{finishes[reason]} {text}" for reason, text in UNUSUAL.items() if reason in finishes]
    if found:
        text = f"Of {sum(finishes.values())} answers {', '.join(found)}; they are scored as they stand."
        out().print(text, style="yellow")


def _score_cells(test: TestScore) -> tuple[str, str, str]:
    return f"{test.score:.2f}", f"{test.low:.2f} to {test.high:.2f}", str(test.n)


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    return grid
