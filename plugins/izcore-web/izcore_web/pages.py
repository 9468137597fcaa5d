"""Puts pages together: templates, styles and script in one text, and a policy that lets nothing else run."""

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import izcore
from izcore.plugin import plain, plain_json
from izcore_web import charts
from izcore_web.diff import word_diff
from izcore_web.views.answers import answers_of
from izcore_web.views.comparison import comparison_view, curves_of, differences
from izcore_web.views.curve import Curve, curve_of
from izcore_web.views.headline import dollars, duration, headline
from izcore_web.views.listing import run_lines
from izcore_web.views.settings import settings_of
from izcore_web.views.trials import trial_table


def run_page(run: izcore.Run, **frame: Any) -> str:
    """Return the page of a run; ``frame`` is what a live page adds."""
    return render(
        "run.html.j2",
        run=run,
        head=headline(run),
        curve=(curve := curve_of(run)),
        plots=_plots(run, curve),
        effects=run.result.effects if run.result else (),
        trials=trial_table(run),
        answers=answers_of(run),
        settings=settings_of(run),
        **frame,
    )


def comparison_page(
    record: izcore.ComparisonRecord, runs: Mapping[str, Sequence[izcore.Run]], **frame: Any
) -> str:
    """Return the page of a comparison whose runs, by method, are these."""
    lines = curves_of(runs)
    return render(
        "comparison.html.j2",
        record=record,
        view=comparison_view(record, runs),
        curve=charts.lines_chart(lines, x="calls of the search", y="validation score") if lines else None,
        **frame,
    )


def list_page(
    runs: Sequence[izcore.RunSummary | izcore.DamagedRun],
    at_work: Mapping[str, izcore.Progress],
    comparisons: Sequence[izcore.ComparisonRecord],
    **frame: Any,
) -> str:
    """Return the list of runs and comparisons; ``at_work`` is how far runs are that are at work."""
    lines = run_lines(runs, at_work)
    return render(
        "list.html.j2",
        runs=lines,
        comparisons=comparisons,
        tasks=sorted({line.task for line in lines}),
        statuses=sorted({line.status for line in lines}),
        **frame,
    )


def two_page(first: izcore.Run, second: izcore.Run, **frame: Any) -> str:
    """Return two runs side by side."""
    sides = [{"run": run, "head": headline(run)} for run in (first, second)]
    return render(
        "two.html.j2",
        sides=sides,
        changes=word_diff(headline(first).instruction, headline(second).instruction),
        differences=differences(settings_of(first).settings, settings_of(second).settings),
        same_test=(first.splits and first.splits.test) == (second.splits and second.splits.test),
        **frame,
    )


def message_page(message: str, hint: str, **frame: Any) -> str:
    """Return a page that says what was wrong."""
    return render("message.html.j2", message=message, hint=hint, **frame)


def render(template: str, **values: Any) -> str:
    """Return a page with its styles and script in it."""
    return environment().get_template(template).render({"live": None, **values})


def policy(*, live: bool = False) -> str:
    """Return the Content-Security-Policy of a page: its own script and styles run, and nothing else loads.

    A ``live`` page may ask the server that it comes from.
    """
    own = "'self'" if live else "'none'"
    script, style = _source(asset("page.js")), _source(asset("page.css"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        f"connect-src {own}; base-uri 'none'; form-action {own}"
    )


@cache
def asset(name: str) -> str:
    """Return a style sheet or script of the package."""
    return (files("izcore_web") / "assets" / name).read_text(encoding="utf-8")


@cache
def environment() -> Environment:
    """Return the templates; whatever is put into them is escaped, and control characters are written out."""
    made = Environment(
        loader=PackageLoader("izcore_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    made.filters |= {
        "data": _data,
        "dollars": dollars,
        "duration": duration,
        "moment": lambda seconds: time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)),
        "score": lambda score: "–" if score is None else f"{score:.2f}",
        "signed": lambda number: f"{number:+.2f}".replace("-", "−"),
    }
    made.globals |= {
        "css": Markup(asset("page.css")),
        "js": Markup(asset("page.js")),
        "policy": policy,
    }
    return made


def _shown(value: object) -> object:
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _data(value: object) -> Markup:
    """Return a value as JSON that can stand in a script element: no text in it can end the element."""
    text = plain_json(msgspec.json.encode(value).decode())
    return Markup(text.replace("<", "\\u003c"))


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _plots(run: izcore.Run, curve: Curve) -> Mapping[str, Markup | None]:
    """Draw what there is to draw, by name; nothing while there is no trial with a score."""
    if not curve.points:
        return {}
    plots: dict[str, Markup | None] = {"quality": charts.quality_chart(curve), "length": None, "cost": None}
    if len(curve.points) > 1:
        front = [(point.length, point.validation.score) for point in run.result.front] if run.result else []
        plots["length"] = charts.trade_off_chart(
            curve.points, front, lambda point: point.length, "characters of the prompt"
        )
        if any(point.cost_usd for point in curve.points):
            plots["cost"] = charts.trade_off_chart(
                curve.points, (), lambda point: point.cost_usd, "dollars for 1,000 answers"
            )
    return plots
