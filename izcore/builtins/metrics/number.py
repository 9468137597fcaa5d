"""The metric that compares numbers."""

import re
from decimal import Context, Decimal

from izcore.builtins.metrics.normalisation import normalise
from izcore.builtins.metrics.options import NumberOptions
from izcore.builtins.metrics.text import BestTarget
from izcore.plugin.registrations import BackendContext

# Digits enough for any sensible number; an absurdly large difference becomes infinite, not an error.
_PRECISE = Context(prec=50, traps=[])


class Number(BestTarget):
    """1 where the answer's first or last number is the target's, within a tolerance.

    Signs, decimals, exponents, currency signs and thousands separators are understood; fractions and
    number words are not. A target without a number must be the whole answer.
    """

    def __init__(self, options: NumberOptions, context: BackendContext) -> None:
        self._which = options.which
        self._tolerance = Decimal(str(options.abs_tolerance))
        self._decimal = options.decimal
        self._pattern = _number_pattern(options.decimal)

    def _compare(self, answer: str, target: str) -> float:
        wanted = self._number(target)
        if wanted is None:
            return float(normalise(answer, "standard") == normalise(target, "standard"))
        given = self._number(answer)
        if given is None:
            return 0.0
        return float(given == wanted or abs(_PRECISE.subtract(given, wanted)) <= self._tolerance)

    def _number(self, text: str) -> Decimal | None:
        found = list(self._pattern.finditer(text))
        if not found:
            return None
        match = found[0] if self._which == "first" else found[-1]
        sign = "-" if match["sign"] in ("-", "−") else ""
        whole = "".join(character for character in match["whole"] or "0" if character.isdecimal())
        return Decimal(
            f"{sign}{whole}.{match['fraction'] or match['fraction_alone'] or 0}{match['exponent'] or ''}"
        )


def _number_pattern(decimal: str) -> re.Pattern[str]:
    point, separators = re.escape(decimal), (r"," if decimal == "." else r"\.") + r"'’_\u00a0\u2009\u202f"
    return re.compile(
        rf"(?:(?<![\w.)])(?P<sign>[-+−]))?[$€£¥]?"
        rf"(?:(?P<whole>\d{{1,3}}(?:[{separators}]\d{{3}})+(?!\d)|\d+)(?:{point}(?P<fraction>\d+))?"
        rf"|(?<!\d){point}(?P<fraction_alone>\d+))"
        r"(?P<exponent>[eE][-+]?\d{1,4}(?!\w))?"
    )
