"""The metric of a run as Python that needs nothing else, for tools that run a grader of one's own."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from izcore.plugin import Run, UsageError, WholePrompt

_COMPARE: Mapping[str, str] = {
    "exact_match": "return float(normalise(answer, HOW, CASE) == normalise(target, HOW, CASE))",
    "exact_set": "return float(set(tokens(answer, HOW, CASE)) == set(tokens(target, HOW, CASE)))",
    "contains": """\
given, wanted = normalise(answer, HOW, CASE), normalise(target, HOW, CASE)
    if given == wanted:
        return 1.0
    if not wanted.strip():
        return 0.0
    pattern = r"\\b" + re.escape(wanted) + r"\\b" if HOW == "paper" else whole_phrase(wanted.strip())
    return float(re.search(pattern, given) is not None)""",
    "f1": """\
from collections import Counter
    given, wanted = characters(tokens(answer, HOW, CASE)), characters(tokens(target, HOW, CASE))
    if not given and not wanted:
        return 1.0
    return 2 * (Counter(given) & Counter(wanted)).total() / (len(given) + len(wanted))""",
}
ANSWER_SOURCE = """\
def read_answer(text):
    found = list(re.finditer(re.escape(MARK), text, re.IGNORECASE)) if MARK else []
    return text[found[-1].end():].strip("*_ \\n") if found else text"""
"""A function that returns the answer in what a model wrote: what stands behind the last ``MARK``."""


def grader_source(format_: str, run: Run, prompt: WholePrompt) -> str:
    """Return the source of ``grade_text(text, targets)``, which scores an answer as the run did.

    Raises UsageError for a metric that is more than a comparison of texts.
    """
    metric: Mapping[str, Any] = run.config.get("metric") or {}
    name, options = metric.get("name", ""), metric.get("options", {})
    if name not in _COMPARE:
        raise UsageError(
            f"{format_}: the metric {name} cannot go along.",
            hint=f"Those that can: {', '.join(_COMPARE)}. With --set grader=false the tests have none.",
        )
    normalisation = files("izcore.builtins.metrics").joinpath("normalisation.py").read_text("utf-8")
    return f"""{normalisation}
HOW, CASE = {options.get("normalise", "standard")!r}, {options.get("case_sensitive", False)!r}
MARK = {prompt.answer_mark!r}

{ANSWER_SOURCE}

def compare(answer, target):
    {_COMPARE[name]}

def grade_text(text, targets):
    return max((compare(read_answer(text), target) for target in targets), default=0.0)
"""
