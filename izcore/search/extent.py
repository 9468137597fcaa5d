"""How many trials a search makes, and how often the instructions of a finite pool are among them."""

from izcore.config.schema import RunConfig
from izcore.plugin.protocols import Generator
from izcore.search.coordinates import Values, cells_of_each
from izcore.storage.records import RunPlan


def trials_in_all(generator: Generator, config: RunConfig, plan: RunPlan, coordinates: Values) -> int:
    """Return how many trials a search makes: for as many latents as wanted, or for a finite pool.

    The user's own instructions come on top.
    """
    size = generator.pool_size()
    of_pool = (size or 0) * cells_of_pool(generator, config, coordinates)
    return len(plan.starting) + (of_pool + len(plan.carried) if size else config.search.total)


def cells_of_pool(generator: Generator, config: RunConfig, coordinates: Values) -> int:
    """Return how many combinations of choices complete each instruction of a finite pool; else 1.

    So the instructions are compared under equal conditions, as the user's own are. Where limits make rounds
    narrower, they are fewer.
    """
    size = generator.pool_size()
    if size is None or config.search.pool:
        return 1
    return min(config.search.initial, cells_of_each(size, coordinates, config.search.initial))
