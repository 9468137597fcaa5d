"""Renders what a run may cost, and whether its limits are enough for it."""

import itertools
import math
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from izcore.scoring.budget_ledger import dollars

if TYPE_CHECKING:
    from collections.abc import Sequence

    from izcore.plugin.estimates import Estimate, EstimatedCalls, Figures, LimitCheck


def add_estimate(rows: Table, estimate: "Estimate") -> None:
    """Add rows for what is expected and how it was worked out, for the most, and for what the limits do."""
    expected, likely, failing = estimate.expected, estimate.likely, estimate.with_retries
    rows.add_row("expected", f"about {_likely_line(likely)}")
    if likely.calls < expected.calls:
        rows.add_row("", f"{_likely_line(expected)}, without limits")
    for parts in parts_by_model(estimate.parts):
        rows.add_row("", Text(worked_out(parts)))
    rows.add_row("at most", figures_line(estimate.calls, estimate.tokens, dollars_up(estimate.cost_usd)))
    if failing.calls > estimate.calls:
        line = figures_line(failing.calls, failing.tokens.total, dollars_up(failing.cost_usd))
        rows.add_row("", f"{line}, without limits, if every call fails each time and is billed")
    for check in estimate.limits:
        rows.add_row("stops at", limit_line(check))


def _likely_line(figures: "Figures") -> str:
    cost = None if figures.cost_usd is None else f"${figures.cost_usd:.4f}"
    return figures_line(figures.calls, figures.tokens.total, cost)


def figures_line(calls: int, tokens: int, cost: str | None) -> str:
    """Calls, tokens and money in one line; ``cost`` is None where no price is known."""
    return f"{calls:,} calls, {tokens:,} tokens" + ("" if cost is None else f", {cost}")


def dollars_up(cost: float | None) -> str | None:
    """Show the most that something costs, rounded up."""
    return None if cost is None else f"${math.ceil(cost * 1e4 - 1e-6) / 1e4:.4f}"


def worked_out(parts: "Sequence[EstimatedCalls]") -> str:
    """Say how the expected cost of one model's calls was worked out."""
    calls = sum(part.calls for part in parts)
    read = sum(part.calls * part.input_tokens for part in parts) / calls
    written = sum(part.calls * part.output_tokens for part in parts) / calls
    price = parts[0].price
    phases = " + ".join(f"{part.calls:,} {part.phase}" for part in parts)
    rates = "" if price is None else f", at ${price.input:g} and ${price.output:g} per million"
    rates += f" ({parts[0].price_source})" if parts[0].price_source else ""
    return (
        f"{parts[0].role}, {parts[0].model}: {calls:,} calls ({phases}) "
        f"x ({read:.0f} tokens in + {written:.0f} out){rates}"
    )


def parts_by_model(parts: "Sequence[EstimatedCalls]") -> "list[list[EstimatedCalls]]":
    """Return the lines of an estimate in groups, one for each role."""
    return [list(group) for _, group in itertools.groupby(parts, key=lambda part: part.role)]


def limit_line(check: "LimitCheck") -> str:
    """Say what a limit is, and whether it is enough for the whole run."""
    unit = check.limit.removeprefix("max_")
    given, likely, most = (f"{math.ceil(each):,} {unit}" for each in (check.given, check.likely, check.most))
    if check.limit == "max_cost":
        given, likely, most = dollars(check.given), f"{dollars_up(check.likely)}", f"{dollars_up(check.most)}"
    if check.verdict == "suffices":
        return f"{given}, enough for the whole run"
    if check.verdict == "likely to suffice":
        return f"{given}, likely enough for the whole run; {most} would be for sure"
    enough = f"{most} would be enough"
    if check.likely < check.most:
        enough = f"{likely} would be likely enough, {most} for sure"
    return f"{given}, too little for the whole run, so it searches less; {enough}"
