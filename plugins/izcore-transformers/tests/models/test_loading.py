"""Models load once, the same way every time, and what cannot be loaded says why."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from izcore.plugin import BackendUnavailableError, PullRequest, UsageError
from izcore_transformers.models.gguf import ensure_converted
from izcore_transformers.models.loading import LoadedModel, load_model, model_identity
from izcore_transformers.models.pull import pull_embedded
from izcore_transformers.models.sources import EMBEDDED_SHA256, embedded_source, find_source
from izcore_transformers.options import GeneratorOptions, ModelOptions

needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")


CONVERT = """
import sys
import torch
from izcore_transformers.models.gguf import ensure_converted
from izcore_transformers.options import ModelOptions
from izcore_transformers.models.sources import find_source
ensure_converted(find_source(ModelOptions(model=sys.argv[1])), torch.float32, sys.argv[2])
"""


def refused(model: str | Path, cache_dir: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_model(ModelOptions(model=str(model)), cache_dir)
    assert caught.value.hint
    return caught.value


@pytest.mark.model
def test_whoever_asks_for_the_same_model_gets_the_same_copy(embedded: LoadedModel, cache_dir: str) -> None:
    assert load_model(GeneratorOptions(latent_dim=3), cache_dir) is embedded
    assert load_model(ModelOptions(model="smollm2-135m"), cache_dir) is embedded


@pytest.mark.model
def test_embedded_model_is_what_it_says(embedded: LoadedModel) -> None:
    assert EMBEDDED_SHA256 in embedded.identity
    assert embedded.identity == model_identity(ModelOptions())
    assert embedded.conversation == "tokenizer"
    assert embedded.model.dtype == torch.float32
    assert not any(parameter.requires_grad for parameter in embedded.model.parameters())


@pytest.mark.model
def test_conversion_keeps_every_weight(embedded: LoadedModel) -> None:
    from gguf import GGUFReader
    from gguf.quants import dequantize

    stored = {tensor.name: tensor for tensor in GGUFReader(embedded_source().place).tensors}
    tensor = stored["token_embd.weight"]
    expected = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type))
    assert torch.equal(embedded.model.get_input_embeddings().weight, expected)


@pytest.mark.model
def test_pull_converts_ahead_of_time_and_check_only_looks(
    embedded: LoadedModel, cache_dir: str, tmp_path: Path
) -> None:
    assert pull_embedded(PullRequest(cache_dir=str(tmp_path), check=True)).path == ""
    assert not any(tmp_path.iterdir())
    pulled = pull_embedded(PullRequest(cache_dir=cache_dir, check=True))
    assert Path(pulled.path).is_dir()
    assert pulled.bytes > 500_000_000


@pytest.mark.model
def test_any_gguf_file_is_converted_once_also_by_two_processes(tiny_gguf: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-c", CONVERT, str(tiny_gguf), str(tmp_path)]
    processes = [subprocess.Popen(program) for _ in range(2)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    folders = [path for path in (tmp_path / "models").iterdir() if path.is_dir()]
    assert len(folders) == 1
    loaded = load_model(ModelOptions(model=str(tiny_gguf)), str(tmp_path))
    assert loaded.name == tiny_gguf.stem
    assert loaded.model.config.hidden_size == 32


@pytest.mark.model
def test_what_a_killed_conversion_left_is_cleared_away(tiny_gguf: Path, tmp_path: Path) -> None:
    source = find_source(ModelOptions(model=str(tiny_gguf)))
    folder = ensure_converted(source, torch.float32, str(tmp_path))
    leftover = folder.with_name(f".{folder.name}-killed")
    folder.rename(leftover)
    assert ensure_converted(source, torch.float32, str(tmp_path)) == folder
    assert not leftover.exists()


@pytest.mark.model
def test_a_gguf_file_that_is_cut_short(tiny_gguf: Path, tmp_path: Path) -> None:
    for part in (0.3, 0.99):
        short = tmp_path / "short.gguf"
        content = tiny_gguf.read_bytes()
        short.write_bytes(content[: int(len(content) * part)])
        assert "cut short" in refused(short, str(tmp_path)).message


@pytest.mark.model
def test_a_folder_loads_and_its_content_is_its_identity(tiny_vicuna: Path, cache_dir: str) -> None:
    loaded = load_model(ModelOptions(model=str(tiny_vicuna)), cache_dir)
    assert loaded.conversation == "vicuna"
    before = model_identity(ModelOptions(model=str(tiny_vicuna)))
    assert loaded.identity == before
    weights = tiny_vicuna / "model.safetensors"
    content = bytearray(weights.read_bytes())
    try:
        weights.write_bytes(bytes(content[:-1]) + bytes([content[-1] ^ 1]))
        assert model_identity(ModelOptions(model=str(tiny_vicuna))) != before
    finally:
        weights.write_bytes(bytes(content))


@pytest.mark.model
def test_damaged_weights(tiny_vicuna: Path, tmp_path: Path, cache_dir: str) -> None:
    for path in tiny_vicuna.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "cannot be loaded" in refused(tmp_path, cache_dir).message


def test_a_missing_file(tmp_path: Path, cache_dir: str) -> None:
    assert "no model at" in refused(tmp_path / "none.gguf", cache_dir).message


def test_a_file_that_is_no_model(tmp_path: Path, cache_dir: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    assert "not a GGUF file" in refused(path, cache_dir).message


def test_a_folder_without_weights(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert "no model weights" in refused(tmp_path, cache_dir).message


def test_pickled_weights_are_never_loaded(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    assert "never loaded" in refused(tmp_path, cache_dir).hint


def test_a_misspelt_preset(cache_dir: str) -> None:
    assert "vicuna" in refused("vicunna", cache_dir).hint


def test_a_hub_model_without_a_network(cache_dir: str, tmp_path: Path) -> None:
    script = (
        "from izcore.plugin import UsageError\n"
        "from izcore_transformers.models.loading import load_model\n"
        "from izcore_transformers.options import ModelOptions\n"
        "try: load_model(ModelOptions(model='owner/name'), 'unused')\n"
        "except UsageError as error: print(error)\n"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = run(script, **offline)
    assert "hub cannot be reached" in done.stdout
    assert done.stderr == ""


@needs_no_gpu
def test_cuda_on_a_machine_without() -> None:
    with pytest.raises(UsageError, match="cuda"):
        model_identity(ModelOptions(device="cuda"))


@pytest.mark.skipif(find_spec("bitsandbytes") is not None, reason="bitsandbytes is installed")
def test_quantized_weights_without_bitsandbytes(cache_dir: str) -> None:
    with pytest.raises(BackendUnavailableError, match="bitsandbytes"):
        load_model(ModelOptions(quantization="4bit"), cache_dir)


@pytest.mark.model
def test_loading_says_nothing(tiny_gguf: Path, tmp_path: Path) -> None:
    script = (
        "from izcore_transformers.models.loading import load_model\n"
        "from izcore_transformers.options import ModelOptions\n"
        f"load_model(ModelOptions(model={str(tiny_gguf)!r}), {str(tmp_path)!r})\n"
    )
    done = run(script)
    assert done.returncode == 0
    assert (done.stdout, done.stderr) == ("", "")


def run(script: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
