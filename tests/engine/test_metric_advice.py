"""Where the default metric does not suit the targets, a note names the one that does."""

import json
from pathlib import Path

import pytest
from support import TOY, Iz, result_of

from izcore.engine.metric_advice import advise_metric
from izcore.plugin.examples import Example, Splits

LONG = "The parcel left the depot on Monday and arrives in two days, number {}."


def splits_of(targets: list[str]) -> Splits:
    examples = tuple(Example(input=f"{n}", targets=(target,)) for n, target in enumerate(targets))
    return Splits(demonstrations=examples[:2], validation=examples[2:], test=())


@pytest.mark.parametrize(
    ("targets", "metric"),
    [
        (["3.0", "-20", "$1,300", "7 %"] * 3, "number"),
        ([json.dumps({"town": "Bonn", "year": year}) for year in range(9)], "json"),
        (
            ["red, green", "blue, red", "green, black", "red", "pink, red, white", "tan", "sky, tan"],
            "exact_set",
        ),
        (["good", "bad", "neither"] * 4, "contains"),
        ([LONG.format(n) for n in range(9)], "f1"),
    ],
)
def test_the_metric_that_suits_the_targets_is_named(targets: list[str], metric: str) -> None:
    (note,) = advise_metric("exact_match", splits_of(targets))
    assert f"--metric {metric} " in note
    assert advise_metric(f"{metric}:paper", splits_of(targets)) == ()


def test_what_exact_match_suits_needs_no_note() -> None:
    assert advise_metric("exact_match", splits_of([f"town number {n}" for n in "abcdefghi"])) == ()


def test_it_is_said_by_show_check_and_the_dry_run_unless_a_metric_is_chosen(iz: Iz, tmp_path: Path) -> None:
    (tmp_path / "sums.csv").write_text(
        "question,answer\n" + "".join(f"{n} + {n},{2 * n}\n" for n in range(30))
    )
    task = str(tmp_path / "sums.csv")
    planned = ("optimize", task, *TOY, "--dry-run", "--json")
    for command in (("tasks", "show", task, "--json"), ("tasks", "check", task, "--json"), planned):
        assert any("--metric number" in note for note in result_of(iz(*command))["notes"]), command
    chosen = result_of(iz(*planned, "--metric", "exact_match"))["notes"]
    assert not any("--metric number" in note for note in chosen)
