"""Makes a suggestion depend on its request alone, and leaves nothing behind."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import botorch
import gpytorch
import torch
from botorch.exceptions.warnings import NumericsWarning, OptimizationWarning
from linear_operator.utils.warnings import NumericalWarning


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Compute on one thread, with exact linear algebra and torch's randomness from ``seed``.

    The last bits of a sum depend on the number of threads, and an optimiser makes large differences out
    of them; one thread gives the same latents on 2 cores and on 64, and at these sizes costs little.
    Threads, random state and warning filters are put back at the end.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with (
            torch.random.fork_rng(devices=[]),
            # Beyond 800 trials GPyTorch would turn to randomised approximations.
            gpytorch.settings.max_cholesky_size(2**31),
            # Values are standardised here, except where all are equal, and latents need not fill the box.
            botorch.settings.validate_input_scaling(False),
            warnings.catch_warnings(),
        ):
            _ignore_expected()
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)


def _ignore_expected() -> None:
    """Ignore the warnings about what is done on purpose, and no others."""
    # Duplicates make matrices singular; jitter is the answer, and it is documented.
    warnings.filterwarnings("ignore", "A not p.d., added jitter", NumericalWarning)
    # The published acquisition function underflows; it is offered to reproduce the paper.
    warnings.filterwarnings("ignore", ".*has known numerical issues", NumericsWarning)
    # The fit stops after a fixed number of steps, whether or not it has arrived.
    warnings.filterwarnings("ignore", "`scipy_minimize` terminated with status", OptimizationWarning)
