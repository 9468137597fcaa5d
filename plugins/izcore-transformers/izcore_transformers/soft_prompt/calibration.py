"""Chooses the scale of the soft prompt with a short probe."""

from izcore.plugin import Record, derive_seed, sobol_latents
from izcore_transformers.models.loading import LoadedModel
from izcore_transformers.soft_prompt.fluency import mean_log_likelihoods
from izcore_transformers.soft_prompt.projection import Projection
from izcore_transformers.soft_prompt.writer import Writer

STRENGTHS = (4.0, 16.0, 64.0)
"""Sizes of soft tokens, in sizes of the model's own embeddings, that the probe tries."""

PROBE_LATENTS = 16
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
    """The model that was loaded, the chosen scale, and what led to it (empty where the user gave it)."""

    model: str
    scale: float
    probe: tuple[ProbedScale, ...] = ()


def calibrate(
    loaded: LoadedModel, writer: Writer, projection: Projection, latent_dim: int, seed: int
) -> Calibration:
    """Return the smallest scale that writes about as many distinct fluent instructions as any.

    That is at least nine tenths of the most; among those the smallest, because it leaves the model least
    disturbed. The same Sobol latents are tried at every scale.
    """
    latents = sobol_latents(PROBE_LATENTS, latent_dim, derive_seed(seed, "probe"))
    probe = []
    for strength in STRENGTHS:
        scale = projection.scale_of(strength)
        written = writer.write(projection.soft_prompts(latents, scale))
        distinct = sorted({one.instruction for one in written})
        likelihoods = mean_log_likelihoods(loaded, distinct)
        fluent = sum(likelihood >= FLUENT for likelihood in likelihoods)
        probe.append(
            ProbedScale(
                scale=scale, strength=strength, latents=len(latents), distinct=len(distinct), fluent=fluent
            )
        )
    enough = ENOUGH * max(probed.fluent for probed in probe)
    chosen = next(probed for probed in probe if probed.fluent >= enough)
    return Calibration(model=loaded.identity, scale=chosen.scale, probe=tuple(probe))
