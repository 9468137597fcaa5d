"""Seeds and low-discrepancy points: all randomness of a run comes from its one seed."""

import hashlib

from izcore.plugin.trials import Latent


def derive_seed(seed: int, *labels: str | int) -> int:
    """Return a seed in [0, 2^31) for the purpose that ``labels`` name, independent of every other."""
    text = "\x1f".join(str(part) for part in (seed, *labels))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) >> 1


def sobol_latents(count: int, latent_dim: int, seed: int) -> tuple[Latent, ...]:
    """Return ``count`` points of a scrambled Sobol sequence (Owen) in [0, 1)^``latent_dim``."""
    import warnings

    from scipy.stats import qmc

    with warnings.catch_warnings():
        # The balance warning asks for powers of two; a search takes as many points as it can pay for.
        warnings.simplefilter("ignore", UserWarning)
        points = qmc.Sobol(latent_dim, scramble=True, rng=seed).random(count)
    return tuple(tuple(float(x) for x in point) for point in points)
