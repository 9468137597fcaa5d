"""The numbers of a run that trackers show, under the same names in all of them."""

from izcore.plugin.events import CallsAnswered, TrialFinished
from izcore.plugin.results import RunResult


def trial_figures(event: TrialFinished, totals: CallsAnswered | None) -> dict[str, float]:
    """Return what to plot against the trial's index, as far as it is known.

    ``validation_mean`` is the trial's own, of ``validation_n`` examples; ``best_so_far`` is that of the best
    trial up to here; both are in [0, 1]. From ``totals``, the last that were told: ``calls``,
    ``cached_calls``, ``tokens`` and ``cost_usd`` of the run up to here.
    """
    figures: dict[str, float | None] = {
        "validation_mean": event.trial.mean,
        "validation_n": len(event.trial.known_scores),
        "best_so_far": event.best.mean if event.best else None,
    }
    if totals is not None:
        figures |= {
            "calls": totals.calls,
            "cached_calls": totals.cached_calls,
            "tokens": totals.usage.total,
            "cost_usd": totals.cost_usd,
        }
    return {name: float(value) for name, value in figures.items() if value is not None}


def result_figures(result: RunResult) -> dict[str, float]:
    """Return the numbers of a finished run, as far as there are any.

    ``fresh_mean`` is the winner's score on the ``fresh_n`` validation examples that the search never saw.
    ``test_mean`` is the winner's score on the sealed test split, ``test_low`` and ``test_high`` its 95%
    confidence interval, ``test_n`` the number of examples; ``lead_over/NAME`` is the winner's mean less that
    of a baseline, ``p_value/NAME`` the p-value of that difference, and ``adjusted_p_value/NAME`` the same
    adjusted for the number of baselines.
    """
    figures: dict[str, float] = {
        "trials": float(result.trials),
        "unique_instructions": float(result.unique_instructions),
        "seconds": result.seconds,
    }
    if result.best and result.best.validation.fresh:
        fresh = result.best.validation
        figures |= {"fresh_mean": fresh.score, "fresh_n": float(fresh.n)}
    if result.best and result.best.test:
        test = result.best.test
        figures |= {
            "test_mean": test.score,
            "test_low": test.low,
            "test_high": test.high,
            "test_n": float(test.n),
        }
    for baseline in result.baselines:
        name = baseline.name.replace(" ", "_").replace(",", "")
        figures[f"lead_over/{name}"] = baseline.difference
        figures[f"p_value/{name}"] = baseline.p_value
        figures[f"adjusted_p_value/{name}"] = baseline.shown_p_value
    return figures
