"""Registers the surrogate. The options module of izcore-botorch is light: it imports no torch."""

from izcore.plugin import SurrogateRegistration, hookimpl
from izcore_botorch.options import SearchOptions

IZCORE_API = 1


@hookimpl
def izcore_surrogates() -> list[SurrogateRegistration]:
    """Register the surrogate."""
    return [
        SurrogateRegistration(
            name="rational",
            summary="Gaussian process on the latents with a rational quadratic kernel",
            factory="izcore_kernel.surrogate:Rational",
            options=SearchOptions,
            install="pip install izcore-kernel izcore-botorch",
        )
    ]
