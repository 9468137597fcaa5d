"""The Python function of the same power as ``iz compare``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import izcore
from izcore.plugin import user_path
from izcore_compare.comparison import executor_for, plan_comparison, plot_comparison, run_comparison
from izcore_compare.methods import read_methods
from izcore_compare.results import ComparisonResult


def compare(
    task: str,
    methods: Sequence[str | Path],
    *,
    max_calls: int,
    seeds: int = 5,
    workers: int = 1,
    executor: str | None = None,
    plot: str | Path | None = None,
    generator: str | None = None,
    scorer: str | None = None,
    surrogate: str | None = None,
    metric: str | None = None,
    prompt_template: str | None = None,
    baselines: Sequence[str] = (),
    start: Sequence[str] = (),
    coordinates: Sequence[str] = (),
    trackers: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    accept_changes: bool = False,
    db: str | Path | None = None,
    registry: "izcore.Registry | None" = None,
) -> ComparisonResult:
    """Compare search methods on a task: same examples, same budget, the same seeds 0 to ``seeds`` - 1.

    A method is a preset's name or the path of a TOML file, over a person's own defaults; the named arguments
    and ``settings`` lie over each. Runs that an equal comparison finished are used, not repeated; with
    ``accept_changes`` those that it began go on although something changed that they depend on, which their
    results say. ``plot`` names a PNG or SVG file for quality against calls. ``executor`` names what performs
    the runs: without it,
    ``sequential`` for one worker and ``processes`` for several ``workers``, which each have models of their
    own; a script then needs ``if __name__ == "__main__":`` around its main part.

    Raises :class:`~izcore.IzError`; all runs are kept then, and the same comparison goes on.
    """
    found = registry or izcore.discover()
    picture = None if plot is None else user_path(plot)
    performing = executor_for(found, executor, workers)
    common = izcore.settings_layers(
        task,
        with_own_defaults=False,
        generator=generator,
        scorer=scorer,
        surrogate=surrogate,
        metric=metric,
        prompt_template=prompt_template,
        baselines=baselines,
        start=start,
        coordinates=coordinates,
        trackers=trackers,
        settings=settings,
    )
    comparison = plan_comparison(
        found,
        read_methods(found, map(str, methods)),
        common,
        seeds=seeds,
        max_calls=max_calls,
        db=izcore.database_path(db),
        plot=picture,
        accept_changes=accept_changes,
    )
    result = run_comparison(found, comparison, comparison.waiting(found), performing)
    if picture is not None:
        plot_comparison(found, comparison, picture)
    return result
