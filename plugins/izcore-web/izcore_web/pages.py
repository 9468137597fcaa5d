"""Puts pages together: templates, styles and script in one text, and a policy that lets nothing else run."""

import base64
import hashlib
import time
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import izcore
from izcore.plugin import plain, plain_json
from izcore_web import charts
from izcore_web.views.answers import answers_of
from izcore_web.views.curve import Curve, curve_of
from izcore_web.views.headline import dollars, duration, headline
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


def render(template: str, **values: Any) -> str:
    """Return a page with its styles and script in it."""
    return environment().get_template(template).render({"live": None, **values})


def policy(*, connect: str = "'none'") -> str:
    """Return the Content-Security-Policy of a page: its own script and styles run, and nothing else loads."""
    script, style = _source(asset("page.js")), _source(asset("page.css"))
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src data:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
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
