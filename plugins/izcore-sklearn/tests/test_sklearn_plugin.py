"""Registration is light, the registered backends exist, and their options explain themselves."""

import importlib
import subprocess
import sys

import msgspec
import pytest

from izcore.plugin import API_VERSION, Backend, BackendContext, SuggestRequest
from izcore_sklearn import plugin

HEAVY = ("sklearn", "scipy", "numpy", "threadpoolctl", "torch")
BACKENDS = {backend.name: backend for backend in plugin.izcore_surrogates()}


def test_registration_imports_nothing_heavy() -> None:
    program = (
        "import sys, izcore_sklearn.plugin as plugin; plugin.izcore_surrogates();"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


def test_both_surrogates_are_registered_for_this_version_of_the_hooks() -> None:
    assert plugin.IZCORE_API == API_VERSION
    assert set(BACKENDS) == {"sklearn-gp", "sklearn-forest"}


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=lambda backend: backend.name)
def test_a_backend_with_default_options_suggests(backend: Backend) -> None:
    module, _, name = backend.factory.partition(":")
    factory = getattr(importlib.import_module(module), name)
    surrogate = factory(backend.options(), BackendContext(seed=0, cache_dir="", data_dir=""))
    suggested = surrogate.suggest(SuggestRequest(history=(), count=3, latent_dim=2, seed=1))
    assert len(suggested.latents) == 3


@pytest.mark.parametrize("backend", BACKENDS.values(), ids=lambda backend: backend.name)
def test_every_option_says_what_it_means(backend: Backend) -> None:
    info = msgspec.inspect.type_info(backend.options)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        assert isinstance(field.type, msgspec.inspect.Metadata), field.name
        assert (field.type.extra_json_schema or {}).get("description"), field.name


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sklearn-gp", {"proposals": 1}),
        ("sklearn-gp", {"max_trials": 9}),
        ("sklearn-gp", {"restarts": -1}),
        ("sklearn-gp", {"trees": 100}),
        ("sklearn-forest", {"trees": 0}),
        ("sklearn-forest", {"min_leaf": 0}),
        ("sklearn-forest", {"proposals": "many"}),
    ],
)
def test_options_out_of_range_are_refused(name: str, wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, BACKENDS[name].options)
