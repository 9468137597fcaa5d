"""Registers the surrogates; scikit-learn is imported when one of them is chosen."""

from izcore.plugin import SurrogateRegistration, hookimpl
from izcore_sklearn.options import ForestOptions, GaussianProcessOptions

IZCORE_API = 1


@hookimpl
def izcore_surrogates() -> list[SurrogateRegistration]:
    """Register ``sklearn-gp`` and ``sklearn-forest``."""
    return [
        SurrogateRegistration(
            name="sklearn-gp",
            summary="Gaussian process (Matern-5/2, one length-scale per coordinate), without torch",
            factory="izcore_sklearn.gaussian_process:GaussianProcessSurrogate",
            options=GaussianProcessOptions,
            install="python -m pip install scikit-learn",
            libraries=("scikit-learn",),
        ),
        SurrogateRegistration(
            name="sklearn-forest",
            summary="Random forest, for landscapes with steps, without torch",
            factory="izcore_sklearn.forest:ForestSurrogate",
            options=ForestOptions,
            install="python -m pip install scikit-learn",
            libraries=("scikit-learn",),
        ),
    ]
