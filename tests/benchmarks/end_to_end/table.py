"""Prints the comparison as a table: each method's score on the sealed examples, and the calls it used.

    python tests/benchmarks/end_to_end/table.py RESULTS.jsonl …

A cell is the mean over seeds, with the lowest and the highest in brackets where there are several.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

Record = dict[str, Any]


def table(records: list[Record]) -> str:
    """Return the table in Markdown, methods in the order in which they were first written down."""
    tasks = list(dict.fromkeys(record["task"] for record in records))
    by_method: dict[str, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        by_method[record["method"]][record["task"]].append(record)
    lines = [f"| method | {' | '.join(tasks)} | mean | seeds | calls |", "|---" * (len(tasks) + 4) + "|"]
    for method, by_task in by_method.items():
        scores = [[record["score"] for record in by_task[task]] for task in tasks]
        seeds = sorted({len(each) for each in scores})
        whole = f"{mean(map(mean, scores)):.2f}" if all(scores) else ""
        calls = [record["calls"] for each in by_task.values() for record in each]
        cells = [
            method,
            *map(cell, scores),
            whole,
            "" if calls == [0] * len(calls) else " to ".join(map(str, dict.fromkeys((seeds[0], seeds[-1])))),
            f"{mean(calls):.0f}" if any(calls) else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def cell(scores: list[float]) -> str:
    """Return the mean of the scores and, where there are several, their range."""
    if not scores:
        return ""
    spread = f" ({min(scores):.2f} to {max(scores):.2f})" if len(scores) > 1 else ""
    return f"{mean(scores):.2f}{spread}"


def main() -> None:
    """Print the table of the files on the command line, and who made it."""
    lines = [line for name in sys.argv[1:] for line in Path(name).read_text().splitlines()]
    records = [json.loads(line) for line in lines]
    print(table(records))
    versions = {name: number for record in records for name, number in record["versions"].items()}
    print("\n" + ", ".join(f"{name} {number}" for name, number in sorted(versions.items())))


if __name__ == "__main__":
    main()
