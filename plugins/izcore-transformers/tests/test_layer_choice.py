"""A run writes with bfloat16 layers where a test on its own prompt finds them as good, and says so."""

from typing import Any

import msgspec
import pytest
import torch

from izcore.plugin import BackendContext, Example, GenerateRequest, PrepareRequest, UsageError, sobol_latents
from izcore_transformers.cpu_layers.packed_linear import PackedLinear
from izcore_transformers.cpu_layers.processor import bfloat16_instructions
from izcore_transformers.generator import HFGenerator
from izcore_transformers.models.loading import LoadedModel, load_model, model_identity
from izcore_transformers.options import GeneratorOptions, ModelOptions, ScorerOptions
from izcore_transformers.scorer import HFScorer
from izcore_transformers.soft_prompt.layer_test import MOST_LOSS, judge_layers

computes_bfloat16 = pytest.mark.skipif(
    not bfloat16_instructions(), reason="this processor has neither AMX nor AVX512-BF16"
)
OPTIONS = GeneratorOptions(scale=4.0, max_new_tokens=16)
LATENTS = sobol_latents(6, 10, 3)
INSTRUCTIONS = "izcore_transformers.models.loading.bfloat16_instructions"

Demonstrations = tuple[Example, ...]


@pytest.fixture(scope="module")
def bfloat16(cache_dir: str) -> LoadedModel:
    """The embedded model with bfloat16 layers, held so that it is loaded once."""
    return load_model(ModelOptions(cpu_layers="bfloat16"), cache_dir)


def written(generator: HFGenerator, demonstrations: Demonstrations) -> list[str]:
    request = GenerateRequest(latents=LATENTS, demonstrations=demonstrations, seed=0)
    return [candidate.raw for candidate in generator.generate(request).candidates]


@computes_bfloat16
@pytest.mark.model
def test_layers_that_write_as_well_are_taken_said_and_kept(
    embedded: LoadedModel, bfloat16: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    first = HFGenerator(OPTIONS, context)
    prepared = first.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    layers = prepared.state["layers"]
    assert layers["passed"]
    assert layers["instructions"] == bfloat16_instructions()
    assert 0.9 * layers["tokens"] < layers["same"] <= layers["tokens"]
    assert 0 <= layers["loss"] < MOST_LOSS / 2
    assert prepared.state["model"] == embedded.identity
    (note,) = prepared.notes
    assert "written with bfloat16 layers" in note
    texts = written(first, demonstrations)

    kept = msgspec.json.decode(msgspec.json.encode(prepared.state))
    resumed = HFGenerator(OPTIONS, context)
    again = resumed.prepare(PrepareRequest(demonstrations=demonstrations, seed=0, state=kept))
    assert again == prepared
    assert written(resumed, demonstrations) == texts

    asked = HFGenerator(msgspec.structs.replace(OPTIONS, cpu_layers="bfloat16"), context)
    prepared = asked.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    assert (prepared.state["layers"], prepared.notes) == (None, ())
    assert written(asked, demonstrations) == texts


@computes_bfloat16
@pytest.mark.model
@pytest.mark.parametrize("fault", ["outputs in the wrong order", "half as large again"])
def test_broken_layers_are_refused_and_float32_writes(
    embedded: LoadedModel,
    cache_dir: str,
    context: BackendContext,
    demonstrations: Demonstrations,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    broken = load_model(ModelOptions(cpu_layers="bfloat16", device="cpu"), cache_dir)
    block: Any = broken.model.model.layers[3].mlp
    weight = block.down_proj.weight.float()
    wrong = weight.roll(1, 0) if fault == "outputs in the wrong order" else 1.5 * weight
    block.down_proj = PackedLinear(wrong, None, torch.bfloat16)

    def load(options: ModelOptions, folder: str) -> LoadedModel:
        return broken if options.cpu_layers == "bfloat16" else load_model(options, folder)

    monkeypatch.setattr("izcore_transformers.generator.load_model", load)
    generator = HFGenerator(OPTIONS, context)
    prepared = generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    assert not prepared.state["layers"]["passed"]
    assert "float32 layers, for bfloat16 layers failed" in prepared.notes[0]
    exact = HFGenerator(msgspec.structs.replace(OPTIONS, cpu_layers="float32"), context)
    exact.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    assert written(generator, demonstrations) == written(exact, demonstrations)
    # The state is JSON, which a run can be resumed from.
    kept = msgspec.json.decode(msgspec.json.encode(prepared.state))
    resumed = HFGenerator(OPTIONS, context)
    again = resumed.prepare(PrepareRequest(demonstrations=demonstrations, seed=0, state=kept))
    assert again.notes == prepared.notes


@pytest.mark.model
def test_a_processor_without_bfloat16_stays_with_float32_and_does_not_go_on_otherwise(
    embedded: LoadedModel,
    context: BackendContext,
    demonstrations: Demonstrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(INSTRUCTIONS, str)
    prepared = HFGenerator(OPTIONS, context).prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    assert (prepared.state["layers"], prepared.notes) == (None, ())
    layers = {"instructions": "AMX", "tokens": 4, "same": 4, "loss": 0.0, "passed": True}
    begun = PrepareRequest(demonstrations=demonstrations, seed=0, state={**prepared.state, "layers": layers})
    with pytest.raises(UsageError, match="neither AMX nor AVX512-BF16"):
        HFGenerator(OPTIONS, context).prepare(begun)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"engine": "plain"}, "engine plain"),
        ({"dtype": "bfloat16"}, "number format is bfloat16"),
        ({"quantization": "8bit"}, "quantized"),
        ({"device_map": "auto"}, "not on a cpu alone"),
    ],
)
def test_bfloat16_layers_need_a_float32_model_and_the_batched_engine(
    changes: dict[str, str], reason: str, cache_dir: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(INSTRUCTIONS, lambda: "AMX")
    monkeypatch.setattr("izcore_transformers.models.loading.find_spec", lambda name: name)
    options = msgspec.convert({"device": "cpu", "cpu_layers": "bfloat16", **changes}, ModelOptions)
    with pytest.raises(UsageError, match=reason):
        load_model(options, cache_dir)


def test_the_identity_names_layers_that_were_asked_for(context: BackendContext) -> None:
    plain = model_identity(ModelOptions())
    assert plain == model_identity(ModelOptions(cpu_layers="float32"))
    assert model_identity(ModelOptions(cpu_layers="bfloat16")).endswith("(float32, bfloat16 layers)")
    asked = HFScorer(ScorerOptions(cpu_layers="bfloat16"), context).info().identity
    assert asked != HFScorer(ScorerOptions(), context).info().identity


class Said:
    """Stands for both writers: what is written, and what float32 layers think of it."""

    def __init__(self, losses: list[list[float]]) -> None:
        self._losses = losses

    def write_tokens(self, soft_prompts: list[Any], count: int) -> list[tuple[int, ...]]:
        return [(1,) * len(text) for text in self._losses]

    def token_losses(self, soft_prompts: list[Any], written: list[tuple[int, ...]]) -> list[list[float]]:
        return self._losses


@pytest.mark.parametrize(
    ("losses", "passed", "same"),
    [
        ([[0.0, 0.0], [0.0, 0.0]], True, 4),
        ([[0.0, 0.0], [0.0, 4 * MOST_LOSS]], True, 3),
        ([[0.0, 0.0], [0.0, 5 * MOST_LOSS]], False, 3),
        ([[0.0, float("nan")]], False, 1),
    ],
)
def test_the_test_allows_a_small_mean_loss(losses: list[list[float]], passed: bool, same: int) -> None:
    said: Any = Said(losses)
    found = judge_layers(said, said, [])
    assert (found.passed, found.same, found.tokens) == (passed, same, sum(map(len, losses)))
    assert ("with bfloat16 layers" in str(found)) == passed


@computes_bfloat16
@pytest.mark.model
def test_models_with_other_layers_are_two_and_auto_is_float32(
    embedded: LoadedModel, bfloat16: LoadedModel, cache_dir: str
) -> None:
    assert load_model(ModelOptions(cpu_layers="float32"), cache_dir) is embedded
    assert bfloat16 is not embedded
    tokens = torch.tensor([embedded.tokenizer("The capital of France is")["input_ids"]])
    with torch.inference_mode():
        exact, quick = (loaded.model(tokens).logits[0, -1] for loaded in (embedded, bfloat16))
    assert exact.argmax() == quick.argmax()
    assert not torch.equal(exact, quick)
