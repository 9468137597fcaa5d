"""The metric that lets a model grade answers by the user's own rubric."""

import re
from collections.abc import Sequence

from izcore.builtins.metrics.options import READINGS, JudgeOptions
from izcore.plugin.calls import AskRequest, Prompt
from izcore.plugin.errors import BackendError, UsageError
from izcore.plugin.examples import Agreement, Example, MetricRequest, MetricResult
from izcore.plugin.protocols import Metric
from izcore.plugin.registrations import BackendContext

REGRADED = 20
"""Answers that are graded a second time, to see whether the judge agrees with itself."""

_INTRODUCTION = "You grade answers by a rubric.\n\nRubric: {rubric}"
_DECORATION = "*_`#> \t\"'.!$"
"""What models put around the line that they are asked for."""
_VALUE = r"(?P<grade>\d+(?:\.\d+)?)(?:\s*(?:/|out of|of)\s*(?P<scale>\d+))?(?:\s*points?)?"
_SCALE = r"(?:\s*\(\s*0[^()]*\))?"
"""The scale, repeated after the word: ``Grade (0-5): 5``."""
_GRADE_LINE = re.compile(
    rf"(?:(?:the|my|final|overall)\s+)*(?:grade|score|rating){_SCALE}\W{{0,3}}(?::|=|is)[\s*_`]*{_VALUE}",
    re.IGNORECASE,
)
_GRADE_ALONE = re.compile(_VALUE, re.IGNORECASE)


class Judge(Metric):
    """Shows a model rubric, input, reference answers and answer, and reads the grade that it gives.

    The lowest grade is 0, the highest 1. A reply without a readable grade is asked for again, up to
    ``READINGS`` times; what then has none is a missing score, not a bad one. A run that stopped for that and
    goes on asks as often again.
    """

    def __init__(self, options: JudgeOptions, context: BackendContext) -> None:
        if not options.rubric.strip():
            raise UsageError(
                "metric.rubric: the judge needs a rubric to grade by.",
                hint='Say what a good answer is: --set metric.rubric="The reply is polite and answers the '
                'question."',
            )
        self._options = options
        self._ask = context.ask

    async def score(self, request: MetricRequest) -> MetricResult:
        """Grade every answer."""
        return MetricResult(scores=tuple(await self._grades(request, turned=False)))

    async def agreement(self, request: MetricRequest) -> Agreement | None:
        """Grade some answers again, with the parts shown in another order, and compare the grades."""
        some = MetricRequest(answers=request.answers[:REGRADED], examples=request.examples[:REGRADED])
        first = await self._grades(some, turned=False)
        second = await self._grades(some, turned=True)
        pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
        if not pairs:
            return None
        return Agreement(
            share=sum(a == b for a, b in pairs) / len(pairs),
            difference=sum(abs(a - b) for a, b in pairs) / len(pairs),
            n=len(pairs),
        )

    def prompt(self, answer: str, example: Example, *, turned: bool = False) -> str:
        """Return what the judge is shown; ``turned`` puts the answer before the input."""
        parts = [f"Input: {example.full_input}"]
        if self._options.show_targets and example.targets:
            parts.append("Reference answers: " + " | ".join(example.targets))
        parts.append(f"Answer to grade: {answer}")
        if turned:
            parts.reverse()
        best = self._options.best_grade
        meaning = "1 if it meets the rubric, else 0" if best == 1 else f"0 (worst) to {best} (best)"
        question = f"Reply with one line of the form 'Grade: N', where N is {meaning}.\nGrade:"
        return "\n\n".join((_INTRODUCTION.format(rubric=self._options.rubric.strip()), *parts, question))

    async def _grades(self, request: MetricRequest, *, turned: bool) -> list[float | None]:
        texts = [
            self.prompt(answer, example, turned=turned)
            for answer, example in zip(request.answers, request.examples, strict=True)
        ]
        grades: dict[int, float] = {}
        for reading in range(READINGS * (1 + request.attempt)):
            missing = [index for index in range(len(texts)) if index not in grades]
            if not missing:
                break
            replies = await self._replies([texts[index] for index in missing], sample=reading)
            read = (read_grade(reply, self._options.best_grade) for reply in replies)
            grades |= {i: g for i, g in zip(missing, read, strict=True) if g is not None}
        return [grades.get(index) for index in range(len(texts))]

    async def _replies(self, texts: Sequence[str], *, sample: int) -> list[str]:
        if self._ask is None:
            raise BackendError("The judge was asked outside a run.", hint="This is a fault of the caller.")
        prompts = tuple(Prompt(text=text, sample=sample) for text in texts)
        result = await self._ask(AskRequest(option="judge", prompts=prompts))
        return [completion.text if completion else "" for completion in result.completions]


def read_grade(reply: str, best: int) -> float | None:
    """Return the grade in ``reply`` as a score in [0, 1]; None where there is none from 0 to ``best``.

    The last line that says nothing but the grade counts, such as ``Grade: 4``, else a last line that is a
    number, such as ``4/5``. A number anywhere else is no grade: it may count something, or repeat the scale.
    A grade out of another number than ``best`` is none either.
    """
    lines = [line.strip(_DECORATION) for line in reply.splitlines()]
    lines = [line for line in lines if line]
    found = next(filter(None, map(_GRADE_LINE.fullmatch, reversed(lines))), None)
    if found is None and lines:
        found = _GRADE_ALONE.fullmatch(lines[-1])
    if found is None or (found["scale"] and int(found["scale"]) != best) or float(found["grade"]) > best:
        return None
    return float(found["grade"]) / best
