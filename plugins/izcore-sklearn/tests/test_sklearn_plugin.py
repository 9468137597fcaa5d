"""Options out of range are refused."""

import msgspec
import pytest

from izcore_sklearn import plugin

BACKENDS = {backend.name: backend for backend in plugin.izcore_surrogates()}


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
