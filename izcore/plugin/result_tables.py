"""A run's result as rows of a table, and as HTML for a notebook."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from izcore.plugin.results import RunResult

WINNER = "winner"
SHOWN = ("name", "instruction", "test", "low", "high", "difference", "p_value")


def result_rows(result: "RunResult") -> list[dict[str, Any]]:
    """Return a row for the winner and one for each baseline."""
    best = result.best
    if best is None:
        return []
    tested: list[tuple[Any, ...]] = [(WINNER, best.instruction, best.test, None, None)]
    tested += [
        (each.name, each.instruction, each.test, each.difference, each.shown_p_value)
        for each in result.baselines
    ]
    return [
        {
            "run": result.run_id,
            "task": result.task,
            "name": name,
            "instruction": instruction,
            "test": test.score if test else None,
            "low": test.low if test else None,
            "high": test.high if test else None,
            "n": test.n if test else None,
            "difference": difference,
            "p_value": p_value,
        }
        for name, instruction, test, difference, p_value in tested
    ]


def result_html(result: "RunResult") -> str:
    """Return what a notebook shows of a result: its conclusion, winner and baselines, notes and cost."""
    rows = [[row[column] for column in SHOWN] for row in result_rows(result)]
    cost = "price unknown" if result.cost_usd is None else f"${result.cost_usd:.4f}"
    spent = f"{result.calls:,} calls paid, {result.cached_calls:,} from the cache, {cost}"
    heading = f"{result.task}: {result.status}"
    parts = [
        f"<p><b>{escape(heading)}</b> ({escape(result.run_id)}; {spent})</p>",
        f"<p>{escape(result.conclusion)}</p>" if result.conclusion else "",
        _table(SHOWN, rows) if rows else "",
        *(f"<p>{escape(note)}</p>" for note in result.notes),
    ]
    return "\n".join(filter(None, parts))


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(column.replace('_', ' '))}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"<td>{value:.3f}</td>"
    return f'<td style="text-align: left; white-space: pre-wrap">{escape(str(value or ""))}</td>'
