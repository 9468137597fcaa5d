"""The generator on small random models of the shapes that people bring, which need no download."""

from pathlib import Path

import msgspec
import pytest
from tiny_models import save_tiny_model

from izcore.plugin import (
    BackendContext,
    Candidate,
    Example,
    GenerateRequest,
    PrepareRequest,
    Trial,
    sobol_latents,
)
from izcore_transformers.generator import HFGenerator
from izcore_transformers.options import GeneratorOptions

DEMONSTRATIONS = (Example(input="cat", targets=("cats",)), Example(input="box", targets=("boxes",)))
LATENTS = sobol_latents(6, 10, 3)
HISTORY = tuple(
    Trial(
        index=index,
        round=0,
        candidate=Candidate(latent=(0.5,) * 10, instruction=instruction),
        scores=scores,
    )
    for index, (instruction, scores) in enumerate(
        [("Add an s.", (1.0, 0.0, 1.0)), ("Say it.", (0.0, 0.0, 0.0)), ("Write more of it.", (1.0, 1.0, 1.0))]
    )
)


@pytest.fixture(scope="module", params=["qwen2", "gemma3_text", "mistral"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(request.param, tmp_path_factory.mktemp("models") / request.param)


def generator_of(model: Path, **options: object) -> HFGenerator:
    given = {"model": str(model), "max_new_tokens": 12, "stop": "end", **options}
    cache = str(model.parent)
    return HFGenerator(
        msgspec.convert(given, GeneratorOptions), BackendContext(seed=7, cache_dir=cache, data_dir=cache)
    )


def prepared(model: Path, **options: object) -> HFGenerator:
    generator = generator_of(model, **options)
    generator.prepare(PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0))
    return generator


def texts(
    generator: HFGenerator, latents: tuple[tuple[float, ...], ...] = LATENTS, history: tuple[Trial, ...] = ()
) -> list[str]:
    request = GenerateRequest(latents=latents, demonstrations=DEMONSTRATIONS, seed=0, history=history)
    return [candidate.raw for candidate in generator.generate(request).candidates]


def test_a_scale_is_found_and_kept(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = generator_of(model)
    state = first.prepare(PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0)).state
    strengths = [row["strength"] for row in state["probe"]]
    assert strengths == [4.0 ** (step + 1) for step in range(len(strengths))]
    assert state["scale"] in [row["scale"] for row in state["probe"]]
    assert max(row["fluent"] for row in state["probe"]) > 1

    def never(*_: object) -> None:
        raise AssertionError("a resumed run calibrated again")

    monkeypatch.setattr("izcore_transformers.generator.calibrate", never)
    resumed = generator_of(model)
    resumed.prepare(PrepareRequest(demonstrations=DEMONSTRATIONS, seed=0, state=state))
    assert texts(resumed) == texts(first)
    assert len(set(texts(first))) > 1


@pytest.mark.parametrize("options", [{}, {"temperature": 0.8}, {"sentence_seeds": 2, "position": "first"}])
def test_a_latent_writes_the_same_alone_as_in_a_batch(model: Path, options: dict[str, object]) -> None:
    generator = prepared(model, scale=2.0, **options)
    together = texts(generator, history=HISTORY)
    assert together == [texts(generator, (latent,), HISTORY)[0] for latent in LATENTS]
    assert len(set(together)) > 1
    assert texts(prepared(model, scale=2.0, **options), history=HISTORY) == together


def test_a_temperature_draws_each_latents_text_from_its_own_seed(model: Path) -> None:
    middle = ((0.5,) * 10, (0.5,) * 9 + (0.5000001,))  # soft prompts of hardly any size
    assert len(set(texts(prepared(model, scale=1e-6), middle))) == 1
    drawn = prepared(model, scale=1e-6, temperature=1.0)
    assert len(set(texts(drawn, middle))) == 2
    assert texts(drawn, middle) == texts(drawn, middle)


def test_soft_prompts_begin_from_the_best_sentences_so_far(model: Path) -> None:
    plain, seeded = prepared(model, scale=2.0), prepared(model, scale=2.0, sentence_seeds=1)
    assert texts(seeded) == texts(plain)  # nothing was scored yet
    # Only the best sentence counts, whatever else was tried.
    assert texts(seeded, history=HISTORY) == texts(seeded, history=HISTORY[2:]) != texts(seeded)
    assert texts(seeded, history=HISTORY) != texts(seeded, history=HISTORY[:2])
    nearer = prepared(model, scale=2.0, sentence_seeds=1, sentence_offset=1e-6)
    assert len(set(texts(nearer, history=HISTORY))) == 1  # no offset to speak of
    assert texts(plain, history=HISTORY) == texts(plain)
