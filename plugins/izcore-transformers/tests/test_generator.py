"""The soft-prompt generator on the embedded model, and Vicuna's path on a tiny model of its class."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from izcore.plugin import (
    BackendContext,
    Candidate,
    ConfigError,
    Example,
    GenerateRequest,
    Latent,
    PrepareRequest,
    Trial,
    UsageError,
    sobol_latents,
)
from izcore_transformers.decoding.batched_engine import decode
from izcore_transformers.generator import HFGenerator
from izcore_transformers.models.chat import VICUNA_SYSTEM
from izcore_transformers.models.loading import LoadedModel
from izcore_transformers.options import GeneratorOptions
from izcore_transformers.plugin import izcore_presets
from izcore_transformers.soft_prompt.calibration import FLUENT, PROBE_LATENTS
from izcore_transformers.soft_prompt.fluency import mean_log_likelihoods

pytestmark = pytest.mark.model

Demonstrations = tuple[Example, ...]
LATENTS = sobol_latents(6, 10, 3)


def prepared(
    options: GeneratorOptions, context: BackendContext, demonstrations: Demonstrations
) -> HFGenerator:
    if options.cpu_layers == "auto":  # what is expected here shall be the same on all processors
        options = msgspec.structs.replace(options, cpu_layers="float32")
    generator = HFGenerator(options, context)
    generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=context.seed))
    return generator


def candidates(
    generator: HFGenerator, latents: tuple[Latent, ...], demonstrations: Demonstrations
) -> tuple[Candidate, ...]:
    request = GenerateRequest(latents=latents, demonstrations=demonstrations, seed=0)
    return generator.generate(request).candidates


@pytest.mark.parametrize("position", ["first", "after_shared"])
def test_a_batch_gives_the_text_that_one_at_a_time_gives(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations, position: str
) -> None:
    options = msgspec.convert({"scale": 2.0, "position": position, "max_new_tokens": 24}, GeneratorOptions)
    generator = prepared(options, context, demonstrations)
    together = candidates(generator, LATENTS, demonstrations)
    alone = tuple(candidates(generator, (latent,), demonstrations)[0] for latent in LATENTS)
    assert together == alone
    assert [candidate.latent for candidate in together] == list(LATENTS)
    assert len({candidate.instruction for candidate in together}) > 1


def test_soft_prompts_steer_and_raw_text_is_kept(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    generator = prepared(GeneratorOptions(scale=2.0), context, demonstrations)
    unsteered = generator.write_unsteered(PrepareRequest(demonstrations=demonstrations, seed=0))
    written = candidates(generator, LATENTS, demonstrations)
    assert any(candidate.instruction != unsteered.instruction for candidate in written)
    for candidate in written:
        assert candidate.instruction[0].isupper()
        assert candidate.instruction[:-1].lower() in candidate.raw.lower()
        assert candidate.features == ()


def test_the_same_seed_writes_the_same_in_a_fresh_process(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    here = candidates(
        prepared(GeneratorOptions(scale=2.0), context, demonstrations), LATENTS[:2], demonstrations
    )
    script = f"""
import msgspec
from izcore.plugin import BackendContext, Example, GenerateRequest, PrepareRequest, sobol_latents
from izcore_transformers.generator import HFGenerator
from izcore_transformers.options import GeneratorOptions
demonstrations = msgspec.json.decode({msgspec.json.encode(demonstrations)!r}, type=tuple[Example, ...])
context = BackendContext(seed={context.seed}, cache_dir={context.cache_dir!r}, data_dir="unused")
generator = HFGenerator(GeneratorOptions(scale=2.0, cpu_layers="float32"), context)
generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
request = GenerateRequest(latents=sobol_latents(6, 10, 3)[:2], demonstrations=demonstrations, seed=0)
print(msgspec.json.encode(generator.generate(request).candidates).decode())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert msgspec.json.decode(done.stdout, type=tuple[Candidate, ...]) == here
    assert done.stderr == ""


def test_another_seed_is_another_projection(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    other = msgspec.structs.replace(context, seed=context.seed + 1)
    options = GeneratorOptions(scale=2.0)
    assert candidates(prepared(options, context, demonstrations), LATENTS, demonstrations) != candidates(
        prepared(options, other, demonstrations), LATENTS, demonstrations
    )


def test_the_probe_chooses_a_scale_once_and_a_resumed_run_keeps_it(
    embedded: LoadedModel,
    context: BackendContext,
    demonstrations: Demonstrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = GeneratorOptions(cpu_layers="float32")
    first = HFGenerator(options, context)
    state = first.prepare(PrepareRequest(demonstrations=demonstrations, seed=0)).state
    assert [row["strength"] for row in state["probe"]] == [4.0 ** (i + 1) for i in range(len(state["probe"]))]
    assert state["scale"] in [row["scale"] for row in state["probe"]]
    assert all(0 <= row["fluent"] <= row["distinct"] <= PROBE_LATENTS for row in state["probe"])
    assert state["model"] == embedded.identity

    def never(*_: object) -> None:
        raise AssertionError("a resumed run calibrated again")

    monkeypatch.setattr("izcore_transformers.generator.calibrate", never)
    resumed = HFGenerator(options, context)
    kept = msgspec.json.decode(msgspec.json.encode(state))
    result = resumed.prepare(PrepareRequest(demonstrations=demonstrations, seed=0, state=kept))
    assert result.state == state
    assert candidates(resumed, LATENTS, demonstrations) == candidates(first, LATENTS, demonstrations)


def test_a_temperature_writes_more_texts_without_a_stronger_soft_prompt(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    # Latents so near to each other that their soft prompts are the same but for rounding.
    latents = tuple((0.6,) * 9 + (0.6 + place * 1e-12,) for place in range(4))
    greedy = GeneratorOptions(scale=2.0, max_new_tokens=16)
    (likeliest,) = {
        one.raw for one in candidates(prepared(greedy, context, demonstrations), latents, demonstrations)
    }
    drawing = prepared(msgspec.structs.replace(greedy, temperature=0.8), context, demonstrations)
    drawn = candidates(drawing, latents, demonstrations)
    assert len({one.raw for one in drawn} - {likeliest}) > 1
    assert candidates(drawing, latents[3:], demonstrations) == drawn[3:]


def test_soft_prompts_can_begin_from_the_best_instruction_so_far(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    def written(instruction: str) -> list[str]:
        options = GeneratorOptions(scale=0.1, sentence_seeds=1, sentence_offset=0.05, max_new_tokens=24)
        tried = Trial(
            index=0, round=0, candidate=Candidate(latent=(), instruction=instruction), scores=(1.0, 1.0)
        )
        request = GenerateRequest(
            latents=LATENTS[:2], demonstrations=demonstrations, seed=0, history=(tried,)
        )
        generator = prepared(options, context, demonstrations)
        return [candidate.raw for candidate in generator.generate(request).candidates]

    assert written("Translate the animal into French.") != written("Name the opposite of the word.")


def test_a_run_does_not_go_on_with_another_model(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    state = {"model": "another@1 (float32)", "scale": 1.0, "probe": []}
    with pytest.raises(UsageError, match="another@1"):
        HFGenerator(GeneratorOptions(), context).prepare(
            PrepareRequest(demonstrations=demonstrations, seed=0, state=state)
        )


def test_fluent_text_is_told_from_word_salad(embedded: LoadedModel) -> None:
    fluent, salad, alone, nothing = mean_log_likelihoods(
        embedded,
        [
            "Write the plural form of the given word.",
            "Zebra unto quickly of Unre seven blue-ish ge.",
            "cat",
            "",
        ],
    )
    assert fluent > FLUENT > salad
    assert alone == nothing == float("-inf")


def test_hidden_states_belong_to_their_latents(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    options = GeneratorOptions(scale=2.0, features="last_hidden", max_new_tokens=1)
    written = candidates(prepared(options, context, demonstrations), LATENTS[:3], demonstrations)
    assert {len(candidate.features) for candidate in written} == {embedded.model.config.hidden_size}
    assert len({candidate.features for candidate in written}) == 3
    for candidate in written:
        # The state before the last layer's output is what the first new token is read from.
        state = torch.tensor(candidate.features)
        token = int((embedded.model.get_output_embeddings().weight @ state).argmax())
        assert embedded.tokenizer.decode([token]) == candidate.raw


def test_fewer_exemplars_and_own_words(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    options = GeneratorOptions(
        scale=2.0, exemplars=2, meta_prompt="{demonstrations}\nSay why.", prefill="Because", max_new_tokens=8
    )
    generator = prepared(options, context, demonstrations)
    assert candidates(generator, LATENTS[:2], demonstrations) == candidates(
        generator, LATENTS[:2], demonstrations[:2]
    )
    assert candidates(generator, LATENTS[:1], demonstrations)[0].instruction.startswith("Because")


def test_a_wrong_meta_prompt_shows_before_a_model_is_loaded(context: BackendContext) -> None:
    with pytest.raises(ConfigError):
        HFGenerator(GeneratorOptions(model="/nowhere", meta_prompt="no placeholder"), context)


def test_demonstrations_that_do_not_fit_into_the_context(
    embedded: LoadedModel, context: BackendContext
) -> None:
    long = (Example(input="word " * 9000, targets=("yes",)),)
    with pytest.raises(UsageError, match="8,192") as caught:
        prepared(GeneratorOptions(scale=2.0), context, long).write_unsteered(
            PrepareRequest(demonstrations=long, seed=0)
        )
    assert "exemplars" in caught.value.hint


def test_the_published_settings_work_on_the_embedded_model(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    paper = next(preset for preset in izcore_presets() if preset.name == "paper").settings["generator"]
    settings = {**paper, "model": "smollm2-135m"}
    options = msgspec.convert({key: settings[key] for key in settings if key != "name"}, GeneratorOptions)
    generator = HFGenerator(options, context)
    result = generator.prepare(PrepareRequest(demonstrations=demonstrations, seed=0))
    assert (result.latent_dim, result.state["scale"], list(result.state["probe"])) == (10, 1.0, [])
    for candidate in candidates(generator, LATENTS[:2], demonstrations):
        assert candidate.instruction == candidate.raw.strip()


def test_vicunas_path_on_a_tiny_model_of_its_class(
    tiny_vicuna: Path,
    context: BackendContext,
    demonstrations: Demonstrations,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = GeneratorOptions(
        model=str(tiny_vicuna), meta_prompt="published", position="first", scale=1.0, max_new_tokens=4
    )
    seen: list[torch.Tensor] = []
    generator = prepared(options, context, demonstrations)

    def watched(model: object, **arguments: object) -> object:
        seen.extend(arguments["rows"])  # type: ignore[arg-type]
        return decode(model, **arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("izcore_transformers.decoding.batched_engine.decode", watched)
    (candidate,) = candidates(generator, LATENTS[:1], demonstrations)
    assert candidate.instruction
    loaded = generator._load()
    table = loaded.model.get_input_embeddings().weight
    soft, text = seen[0][:5], seen[0][5:]
    tokens = torch.cdist(text, table).argmin(dim=1)
    read = loaded.tokenizer.decode(tokens)
    assert read.startswith(f"{VICUNA_SYSTEM} USER:\nInput: cat\nOutput: cats\n\n")
    assert read.endswith("\n\nThe instruction was to? ASSISTANT:")
    assert float(torch.cdist(soft, table).min()) > 0


def test_the_plain_engine_writes_the_same_instructions(
    embedded: LoadedModel, context: BackendContext, demonstrations: Demonstrations
) -> None:
    options = GeneratorOptions(scale=2.0, max_new_tokens=24)
    plain = prepared(msgspec.structs.replace(options, engine="plain"), context, demonstrations)
    batched = prepared(options, context, demonstrations)
    expected = candidates(plain, LATENTS[:4], demonstrations)
    assert candidates(batched, LATENTS[:4], demonstrations) == expected
    request = PrepareRequest(demonstrations=demonstrations, seed=0)
    assert batched.write_unsteered(request) == plain.write_unsteered(request)
