"""What a run may cost, before it starts: records of figures, of the sum that is expected, and of limits."""

from typing import Literal

from izcore.plugin.calls import Price, Usage
from izcore.plugin.record import Record


class Figures(Record):
    """Calls, tokens and US dollars of a run that has not begun; no dollars without a known price."""

    calls: int = 0
    tokens: Usage = Usage()
    cost_usd: float | None = 0.0

    def __add__(self, other: "Figures") -> "Figures":
        known = self.cost_usd is not None and other.cost_usd is not None
        return Figures(
            calls=self.calls + other.calls,
            tokens=self.tokens + other.tokens,
            cost_usd=(self.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
        )

    def __mul__(self, times: float) -> "Figures":
        return Figures(
            calls=round(self.calls * times),
            tokens=Usage(
                input_tokens=round(self.tokens.input_tokens * times),
                output_tokens=round(self.tokens.output_tokens * times),
            ),
            cost_usd=None if self.cost_usd is None else self.cost_usd * times,
        )


LimitName = Literal["max_calls", "max_tokens", "max_cost"]
LimitVerdict = Literal["suffices", "likely to suffice", "too small"]
RunPhase = Literal["write", "search", "finalists", "test", "agreement"]


class EstimatedCalls(Record):
    """One line of the sum that is expected: what a run asks one of its models for in one of its phases.

    ``role`` is what people and observers call the role, such as ``scorer`` or ``metric.judge``; ``model`` is
    the model's name. ``input_tokens`` and ``output_tokens`` are those of one call, on average; ``price`` is
    None where it is not known, and ``price_source`` says where it is from.
    """

    role: str
    model: str
    phase: RunPhase
    calls: int
    input_tokens: float
    output_tokens: float
    price: Price | None = None
    price_source: str = ""


class LimitCheck(Record):
    """Whether a limit lets a run end as planned.

    ``limit`` is ``max_calls``, ``max_tokens`` or ``max_cost``, and ``given`` its value. ``expected`` is what
    the run is expected to need of it, and ``most`` what it may need, if no call fails. ``verdict``: from
    ``most`` on a limit ``suffices`` whatever happens but failures, from ``likely`` on it is ``likely to
    suffice``, and below it is ``too small`` for the whole run, which then searches less.
    """

    limit: LimitName
    given: float
    expected: float
    most: float
    verdict: LimitVerdict
    likely: float = 0.0


class Estimate(Record):
    """What a run may cost, before it starts.

    ``trials`` is the number of trials that the search makes. ``calls``, ``tokens`` and ``cost_usd`` are the
    most that the run can take under its settings and limits if no call fails: every prompt and answer as long
    as it can be. ``with_retries`` is the most if every call fails and is tried again as often as it may be,
    and each try is billed. ``expected`` is what the whole run is likely to take, without regard to the
    limits, and ``parts`` are the lines that add up to it. ``limits`` has an entry for each limit that is set.
    Answers that the cache already has make a run cheaper than each of the figures.
    """

    trials: int
    calls: int
    tokens: int
    cost_usd: float | None = None
    expected: Figures = Figures()
    with_retries: Figures = Figures()
    parts: tuple[EstimatedCalls, ...] = ()
    limits: tuple[LimitCheck, ...] = ()

    @property
    def likely(self) -> Figures:
        """What the run is likely to take under its limits: the first that is used up ends it."""
        most = (self.calls, self.tokens, self.cost_usd)
        whole = (self.expected.calls, self.expected.tokens.total, self.expected.cost_usd)
        shares = [limit / all_ for limit, all_ in zip(most, whole, strict=True) if all_ and limit is not None]
        return self.expected * min([1.0, *shares])
