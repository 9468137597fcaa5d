"""The probe goes on until new texts stop coming, and chooses the weakest scale that does about as well."""

from collections.abc import Sequence

import pytest
from tiny_models import save_tiny_model

from izcore.plugin import Latent
from izcore_transformers.models.loading import LoadedModel, load_model
from izcore_transformers.options import ModelOptions
from izcore_transformers.soft_prompt.calibration import (
    MOST_STEPS,
    PROBE_LATENTS,
    Calibration,
    ProbedScale,
    calibrate,
    is_over,
)
from izcore_transformers.soft_prompt.projection import Projection
from izcore_transformers.soft_prompt.writer import Written

PROJECTION = Projection("uniform", latent_dim=10, soft_tokens=5, hidden=32, rms=0.4, seed=1)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """One that calls every text of two letters fluent, and no shorter one."""
    folder = tmp_path_factory.mktemp("models")
    return load_model(ModelOptions(model=str(save_tiny_model("qwen2", folder / "tiny"))), str(folder))


def calibrated(loaded: LoadedModel, counts: Sequence[int]) -> Calibration:
    """Calibrate a writer of so many texts at 4, 16, 64 … times the embeddings; the last stands for more."""

    def write(latents: Sequence[Latent], scale: float) -> list[Written]:
        step = round(PROJECTION.strength_of(scale)).bit_length() // 2 - 1
        count = counts[min(step, len(counts) - 1)]
        return [Written("", f"Text {place % count}.") for place in range(len(latents))]

    return calibrate(loaded, write, PROJECTION, latent_dim=10, seed=0)


@pytest.mark.parametrize(
    ("counts", "tried", "chosen"),
    [
        ([16], 1, 4),  # no latent is left to write another text
        ([9, 14, 16], 3, 64),
        ([10, 15, 16], 3, 16),  # nine tenths of the most
        ([5, 6, 14, 12, 14], 5, 64),  # a standstill of two strengths
        ([5, 3, 9, 6, 13, 11, 13], 7, 1024),  # as Qwen2.5 0.5B wrote
        ([1, 1, 1, 1, 12, 11, 10], 7, 1024),  # nothing new up to where others have long had their most
        ([1], MOST_STEPS, 4),
    ],
)
def test_it_goes_up_until_new_texts_stop_coming(
    loaded: LoadedModel, counts: list[int], tried: int, chosen: int
) -> None:
    found = calibrated(loaded, counts)
    assert [round(probed.strength) for probed in found.probe] == [4 ** (step + 1) for step in range(tried)]
    assert all(probed.fluent == probed.distinct for probed in found.probe)
    assert PROJECTION.strength_of(found.scale) == pytest.approx(chosen)


def test_it_ends_where_fluency_ends() -> None:
    def probed(distinct: int, fluent: int) -> ProbedScale:
        return ProbedScale(scale=1, strength=1, latents=PROBE_LATENTS, distinct=distinct, fluent=fluent)

    assert not is_over([probed(5, 5), probed(12, 6)])
    assert is_over([probed(5, 5), probed(16, 7)])
