"""What makes a latent worth trying: improvement on the best so far, or what a sample of the belief says.

An :class:`Acquisition` values many places at once and is told which were chosen, so that the members of a
batch differ. A place is whatever the posterior is over: a latent, or another representation of a candidate.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from botorch.acquisition import AcquisitionFunction, ExpectedImprovement, LogExpectedImprovement
from botorch.utils.probability.utils import log_phi
from torch import Tensor

from izcore_botorch.fitting import Belief
from izcore_botorch.linalg import cholesky
from izcore_botorch.model import SMALLEST_VARIANCE, LatentModel
from izcore_botorch.options import AcquisitionName
from izcore_botorch.repeats import Repeats

SAMPLES = 64
"""Draws of the trials' true values that noisy expected improvement averages over."""
LARGEST_SAMPLE = 2048
"""Places that one Thompson sample covers: it costs the cube of their number, once per suggestion."""


class Acquisition(AcquisitionFunction, ABC):  # type: ignore[misc]
    """Values places; BoTorch's optimisers accept it."""

    def __init__(self, belief: Belief, repeats: Repeats | None) -> None:
        super().__init__(belief.model)
        self._repeats = repeats
        self.X_pending: Tensor | None = None

    @abstractmethod
    def forward(self, X: Tensor) -> Tensor:
        """Return the value, (a,), of each of the places ``X`` (a, 1, d)."""

    def set_X_pending(self, X_pending: Tensor) -> None:
        """Take the places ``X_pending`` (b, d) for tried; their scores are not known yet."""
        self.X_pending = X_pending


class Improvement(Acquisition):
    """Expected improvement or its logarithm, weighted with the probability of a new instruction.

    Pending places count as tried with the outcome that was expected of them (kriging believer).
    """

    def __init__(self, belief: Belief, repeats: Repeats | None, *, log: bool) -> None:
        super().__init__(belief, repeats)
        self._log = log
        kind = LogExpectedImprovement if log else ExpectedImprovement
        self._improvement = kind(belief.model, best_f=belief.best_f)

    def forward(self, X: Tensor) -> Tensor:
        """Return the value, (a,), of each of the places ``X`` (a, 1, d)."""
        value: Tensor = self._improvement(X)
        if self._repeats is not None:
            log_new = self._repeats.log_new(X.squeeze(-2), self.X_pending)
            value = value + log_new if self._log else value * log_new.exp()
        return value

    def set_X_pending(self, X_pending: Tensor) -> None:
        """Take the places ``X_pending`` (b, d) for tried."""
        super().set_X_pending(X_pending)
        self.model.set_X_pending(X_pending)


class LogNoisyExpectedImprovement(Acquisition):
    """Logarithm of noisy expected improvement (Letham et al. 2019): nobody knows what the best is worth.

    The true values of all trials, and of the pending places, are drawn ``SAMPLES`` times
    from the posterior. Given one draw, a place has a normal value and the draw's best is what to improve on.
    """

    def __init__(self, belief: Belief, repeats: Repeats | None) -> None:
        super().__init__(belief, repeats)
        model: LatentModel = self.model
        self._known = model.latents
        self._draws = torch.randn((SAMPLES, len(self._known)), dtype=torch.float64)
        self._factor = cholesky(model.covariance_with(self._known, self._known))
        values = model.mean(self._known) + self._draws @ self._factor.T
        self._best = values.amax(dim=1, keepdim=True)
        self._seen: _Seen | None = None

    def forward(self, X: Tensor) -> Tensor:
        """Return the value, (a,), of each of the places ``X`` (a, 1, d)."""
        x = X.squeeze(-2)
        seen = self._look_at(x)
        deviation = seen.variance.clamp_min(SMALLEST_VARIANCE).sqrt()
        logs = log_improvement((seen.means - self._best) / deviation) + deviation.log()
        value: Tensor = logs.logsumexp(dim=0) - math.log(SAMPLES)
        return value if self._repeats is None else value + self._repeats.log_new(x, self.X_pending)

    def set_X_pending(self, X_pending: Tensor) -> None:
        """Take the places ``X_pending`` (b, d) for tried; those of an earlier call come first among them."""
        super().set_X_pending(X_pending)
        for place in X_pending[len(self._known) - len(self.model.latents) :]:
            self._draw(place[None])

    def _draw(self, place: Tensor) -> None:
        """Draw the value at ``place`` (1, d), given what was drawn before: the factor grows by a row."""
        model: LatentModel = self.model
        mean, variance = model.mean_and_variance(place)
        shared = torch.linalg.solve_triangular(
            self._factor, model.covariance_with(self._known, place), upper=False
        )
        deviation = (variance - shared.square().sum(0)).clamp_min(SMALLEST_VARIANCE).sqrt()
        drawn = torch.randn((SAMPLES, 1), dtype=torch.float64)
        self._best = torch.maximum(self._best, mean + self._draws @ shared + drawn * deviation)
        if self._seen is not None:
            self._seen = self._seen.after(place, shared, deviation, drawn, model)
        self._factor = torch.cat(
            [
                torch.nn.functional.pad(self._factor, (0, 1)),
                torch.cat([shared.T, deviation[None]], dim=1),
            ]
        )
        self._known = torch.cat([self._known, place])
        self._draws = torch.cat([self._draws, drawn], dim=1)

    def _look_at(self, x: Tensor) -> "_Seen":
        """Return what the draws say about ``x`` (a, d).

        A batch is chosen among the same places again and again: those asked about last, if nobody wants
        their gradient, are remembered.
        """
        if self._seen is not None and torch.equal(self._seen.places, x):
            return self._seen
        model: LatentModel = self.model
        mean, variance = model.mean_and_variance(x)
        shared = torch.linalg.solve_triangular(
            self._factor, model.covariance_with(self._known, x), upper=False
        )
        seen = _Seen(x, mean + self._draws @ shared, variance - shared.square().sum(0), shared)
        if not torch.is_grad_enabled():
            self._seen = seen
        return seen


@dataclass(frozen=True)
class _Seen:
    """``places`` (a, d), their ``means`` (SAMPLES, a) and ``variance`` (a,) given each draw.

    ``shared`` (n, a) is the inverse of the factor at the known places times their covariance with these.
    """

    places: Tensor
    means: Tensor
    variance: Tensor
    shared: Tensor

    def after(
        self, place: Tensor, shared: Tensor, deviation: Tensor, drawn: Tensor, model: LatentModel
    ) -> "_Seen":
        """Return the same with one more ``place`` known: a row of ``shared`` more."""
        covariance = model.covariance_with(place, self.places)
        row = (covariance - shared.T @ self.shared) / deviation
        return _Seen(
            self.places,
            self.means + drawn @ row,
            self.variance - row.square().squeeze(0),
            torch.cat([self.shared, row]),
        )


class ThompsonSampling(Acquisition):
    """One draw of the whole belief per member of a batch; the place where it is highest is chosen.

    Places must be the same at every call. Of more than ``LARGEST_SAMPLE`` a random part is looked at. A place
    that repeats a known instruction, which is drawn too, is out.
    """

    def __init__(self, belief: Belief, repeats: Repeats | None) -> None:
        super().__init__(belief, repeats)
        self._root: tuple[Tensor, Tensor, Tensor] | None = None

    def forward(self, X: Tensor) -> Tensor:
        """Return the value, (a,), of each of the places ``X`` (a, 1, d)."""
        x = X.squeeze(-2)
        if self._root is None:
            part = torch.randperm(len(x))[:LARGEST_SAMPLE].sort().values
            mean, covariance = self.model.joint(x[part])
            self._root = part, mean, cholesky(covariance)
        part, mean, factor = self._root
        drawn = mean + factor @ torch.randn(len(part), dtype=torch.float64)
        if self._repeats is not None:
            new = torch.rand(len(part), dtype=torch.float64).log() < self._repeats.log_new(
                x[part], self.X_pending
            )
            drawn = torch.where(new, drawn, drawn - 1e6)
        value = torch.full((len(x),), -math.inf, dtype=torch.float64)
        value[part] = drawn
        return value


def get_acquisition_function(name: AcquisitionName, belief: Belief, repeats: Repeats | None) -> Acquisition:
    """Return the acquisition function called ``name``."""
    if name == "nei":
        return LogNoisyExpectedImprovement(belief, repeats)
    if name == "thompson":
        return ThompsonSampling(belief, repeats)
    return Improvement(belief, repeats, log=name == "log_ei")


def log_improvement(t: Tensor) -> Tensor:
    """Return log h(t), h(t) = φ(t) + t Φ(t), also where h(t) is zero in floating point (Ament et al. 2023).

    In the tail h(t) = φ(t) (1 + t Φ(t)/φ(t)), and the bracket, a difference that rounding eats up beyond
    t = -1000, is 1/t² there.
    """
    tail = t.clamp_max(-1.0)
    bracket = 1 + tail * math.sqrt(math.pi / 2) * torch.special.erfcx(-tail / math.sqrt(2))  # Φ/φ by erfcx
    in_tail = log_phi(tail) + torch.where(tail > -1e3, bracket.clamp_min(1e-12), tail.pow(-2)).log()
    body = t.clamp_min(-1.0)
    return torch.where(t < -1.0, in_tail, (log_phi(body).exp() + body * torch.special.ndtr(body)).log())
