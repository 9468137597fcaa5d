"""Chooses the scale of the soft prompt with a short probe."""

from collections.abc import Callable, Sequence

from izcore.plugin import Latent, Record, derive_seed, sobol_latents
from izcore_transformers.models.loading import LoadedModel
from izcore_transformers.soft_prompt.fluency import mean_log_likelihoods
from izcore_transformers.soft_prompt.layer_test import LayerTest
from izcore_transformers.soft_prompt.projection import Projection
from izcore_transformers.soft_prompt.writer import Written

WEAKEST, STEP, MOST_STEPS = 4.0, 4.0, 9
"""The probe tries soft tokens 4, 16, 64 … times as large as the model's own embeddings, at most so often.

At the last of them, 262,144 times, no change is left to come: the layers' norms have taken the size away."""

PROBE_LATENTS = 16
SOME = 0.25
"""Below this share of distinct fluent instructions the probe does not take a standstill for the end."""

PATIENCE = 2
"""So many strengths in a row must write no more than an earlier one, for new texts to have stopped coming."""

ENOUGH = 0.9
FLUENT = -5.0
"""Least mean log-probability of a token, in nats, that counts as fluent: a perplexity below 150."""


class ProbedScale(Record):
    """What the probe saw at one scale: how many of ``latents`` gave distinct, and fluent, instructions."""

    scale: float
    strength: float
    latents: int
    distinct: int
    fluent: int


class Calibration(Record):
    """The model that was loaded, the chosen scale, and what led to it (empty where the user gave it).

    ``layers`` is what decided in which number format the model's layers compute; None where there was
    nothing to decide, and in runs of older versions.
    """

    model: str
    scale: float
    probe: tuple[ProbedScale, ...] = ()
    layers: LayerTest | None = None


Write = Callable[[Sequence[Latent], float], Sequence[Written]]
"""Writes from each latent at a scale, as the run will."""


def calibrate(
    loaded: LoadedModel, write: Write, projection: Projection, latent_dim: int, seed: int
) -> Calibration:
    """Return the smallest scale that writes about as many distinct fluent instructions as any.

    That is at least nine tenths of the most; among those the smallest, because it leaves the model least
    disturbed. The same Sobol latents are tried at every strength, from weak to strong, until
    :func:`is_over` says that more of it leads to nothing.
    """
    latents = probe_latents(latent_dim, seed)
    probe: list[ProbedScale] = []
    for step in range(MOST_STEPS):
        probe.append(_probed(loaded, write, projection, latents, WEAKEST * STEP**step))
        if is_over(probe):
            break
    enough = ENOUGH * max(probed.fluent for probed in probe)
    chosen = next(probed for probed in probe if probed.fluent >= enough)
    return Calibration(model=loaded.identity, scale=chosen.scale, probe=tuple(probe))


def probe_latents(latent_dim: int, seed: int) -> tuple[Latent, ...]:
    """Return the latents that whatever is found out about a model is tried on."""
    return sobol_latents(PROBE_LATENTS, latent_dim, derive_seed(seed, "probe"))


def is_over(probe: Sequence[ProbedScale]) -> bool:
    """Whether soft prompts that are stronger than those of ``probe`` will hardly write more.

    Either every latent has written an instruction of its own, or fluency ends: more than half of what the
    strongest wrote is not fluent. Or new texts have stopped coming, after some had come: the last
    :data:`PATIENCE` strengths wrote no more than an earlier one. Models differ in where the first ones
    come: some write one sentence up to a hundred times their embeddings, and a dozen at a thousand times.
    """
    last, fluent = probe[-1], [probed.fluent for probed in probe]
    everyone = last.fluent == last.latents
    fluency_ends = 2 * last.fluent < last.distinct
    some = max(fluent) >= SOME * last.latents
    standstill = len(probe) > PATIENCE and max(fluent[-PATIENCE:]) <= max(fluent[:-PATIENCE])
    return everyone or fluency_ends or (some and standstill)


def _probed(
    loaded: LoadedModel, write: Write, projection: Projection, latents: Sequence[Latent], strength: float
) -> ProbedScale:
    scale = projection.scale_of(strength)
    distinct = sorted({one.instruction for one in write(latents, scale)})
    fluent = sum(likelihood >= FLUENT for likelihood in mean_log_likelihoods(loaded, distinct))
    return ProbedScale(
        scale=scale, strength=strength, latents=len(latents), distinct=len(distinct), fluent=fluent
    )
