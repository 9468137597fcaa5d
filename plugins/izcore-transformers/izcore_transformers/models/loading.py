"""Loads a model once per process, whoever asks for it."""

import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

import msgspec
import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from izcore.plugin import BackendUnavailableError, UsageError
from izcore_transformers.cpu_layers.packing import pack
from izcore_transformers.cpu_layers.prefix_attention import read_prefix_once
from izcore_transformers.cpu_layers.processor import bfloat16_instructions
from izcore_transformers.models.gguf import DTYPES, ensure_converted
from izcore_transformers.models.quiet import quiet_libraries
from izcore_transformers.models.sources import Source, find_source
from izcore_transformers.models.tokenizer import fitting_conversation, source_arguments
from izcore_transformers.options import ModelOptions


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model in memory, ready to run, without gradients.

    ``identity`` names the weights and their number format exactly, for cache keys. ``conversation`` is
    the conversation template that fits the model: ``vicuna``, ``tokenizer`` or ``plain``.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    device: torch.device
    name: str
    identity: str
    conversation: str


Described = TypeVar("Described", bound=ModelOptions)

_loading = threading.Lock()
_loaded: "weakref.WeakValueDictionary[tuple[ModelOptions, str], LoadedModel]" = weakref.WeakValueDictionary()


def load_model(options: ModelOptions, cache_dir: str) -> LoadedModel:
    """Return the model that ``options`` (or any subclass) describe; converted files go to ``cache_dir``.

    As long as somebody in this process holds the returned object, the same options give the same
    object: generator and scorer share one copy. Raises :class:`UsageError` for whatever a user can mend.
    Where ``cpu_layers`` is ``auto``, layers compute in float32.
    """
    key = (_model_part(options), cache_dir)
    with _loading:
        loaded = _loaded.get(key)
        if loaded is None:
            loaded = _load(key[0], cache_dir)
            _loaded[key] = loaded
        return loaded


def embed_tokens(loaded: LoadedModel, token_ids: Sequence[int]) -> Tensor:
    """Return the input embeddings [n, hidden] of tokens."""
    # Through the embedding module, not its weights: some models scale what they look up.
    with torch.inference_mode():
        tokens = torch.tensor(token_ids, dtype=torch.long, device=loaded.device)
        embedded: Tensor = loaded.model.get_input_embeddings()(tokens)
        return embedded


def model_identity(options: ModelOptions) -> str:
    """Return what :attr:`LoadedModel.identity` will be, without loading the model."""
    return _identity(find_source(options), options, choose_device(options))


def choose_device(options: ModelOptions) -> torch.device:
    """Return the device that ``options.device`` means on this machine."""
    present = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    if options.device == "auto":
        return torch.device(next(name for name, there in present.items() if there))
    if not present[options.device]:
        raise UsageError(
            f"The device {options.device} was asked for, but PyTorch finds none on this machine.",
            hint="Use device = auto or cpu, or install a PyTorch build for your GPU "
            "(https://pytorch.org/get-started).",
        )
    return torch.device(options.device)


def can_have_bfloat16_layers(options: ModelOptions) -> bool:
    """Whether the model that ``options`` describe may have such layers on this machine, and gains by them."""
    return not _against_bfloat16_layers(options, choose_device(options))


def with_bfloat16_layers(options: Described) -> Described:
    """Return the options of the same model with layers that compute in bfloat16.

    Raises :class:`UsageError` if it cannot have them here.
    """
    changed = msgspec.structs.replace(options, cpu_layers="bfloat16")
    _check_layers(changed, choose_device(changed))
    return changed


def _check_layers(options: ModelOptions, device: torch.device) -> None:
    reason = _against_bfloat16_layers(options, device) if options.cpu_layers == "bfloat16" else ""
    if reason:
        raise UsageError(
            f"The layers of {options.model} cannot compute in bfloat16: {reason}.",
            hint="Set cpu_layers = float32; a run that was begun with bfloat16 layers goes on only where "
            "there are such layers.",
        )


def _against_bfloat16_layers(options: ModelOptions, device: torch.device) -> str:
    """Return why the model cannot have such layers; empty if it can."""
    reasons = {
        "it is not on a cpu alone": device.type != "cpu" or bool(options.device_map),
        f"its number format is {options.dtype}, not float32": options.dtype not in {"auto", "float32"},
        "its weights are quantized": options.quantization != "none",
        "the engine plain leaves the model as it is": options.engine == "plain",
        "this processor has neither AMX nor AVX512-BF16": not bfloat16_instructions(),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _model_part(options: ModelOptions) -> ModelOptions:
    part = ModelOptions(**{name: getattr(options, name) for name in ModelOptions.__struct_fields__})
    return msgspec.structs.replace(part, cpu_layers="float32") if part.cpu_layers == "auto" else part


def _identity(source: Source, options: ModelOptions, device: torch.device) -> str:
    number_format: str = options.dtype
    if number_format == "auto":
        number_format = "float32" if device.type == "cpu" else "stored"
    quantization = "" if options.quantization == "none" else f", {options.quantization}"
    layers = ", bfloat16 layers" if options.cpu_layers == "bfloat16" else ""
    return f"{source.identity} ({number_format}{quantization}{layers})"


def _load(options: ModelOptions, cache_dir: str) -> LoadedModel:
    device = choose_device(options)
    _check_layers(options, device)
    weights = _weight_arguments(options, device)  # what cannot work shall show before a file is read
    source = find_source(options)
    tokenizer, model = _read(source, options, weights, device, cache_dir)
    model.eval()
    model.requires_grad_(False)
    if options.engine == "batched":
        _quicken(model, torch.bfloat16 if options.cpu_layers == "bfloat16" else torch.float32)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        device=model.get_input_embeddings().weight.device,
        name=source.name,
        identity=_identity(source, options, device),
        conversation=fitting_conversation(options.model, source, tokenizer),
    )


def _read(
    source: Source, options: ModelOptions, weights: dict[str, Any], device: torch.device, cache_dir: str
) -> tuple[PreTrainedTokenizerBase, PreTrainedModel]:
    """Read tokenizer and model from ``source``, the model onto ``device`` unless ``weights`` places it."""
    place = source.place
    if source.kind == "gguf":
        stored = DTYPES.get(options.dtype, torch.float32 if device.type == "cpu" else torch.float16)
        place = str(ensure_converted(source, stored, cache_dir))
    arguments = source_arguments(source, options)
    watched = source.kind == "hub" and sys.stderr.isatty()
    with _clear_errors(options.model, device), quiet_libraries(keep_bars=watched):
        tokenizer = AutoTokenizer.from_pretrained(place, **arguments)
        model = AutoModelForCausalLM.from_pretrained(place, use_safetensors=True, **weights, **arguments)
        if "device_map" not in weights:
            model.to(device)
    return tokenizer, model


def _quicken(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Put layers that are quicker on a cpu in the place of the model's own, where there are such layers.

    They compute in ``dtype``, float32 or bfloat16. As soon as the model is loaded: the last bits of its
    numbers must not depend on who used it before.
    """
    read_prefix_once(model)
    if pack(model, dtype):
        # What is left of the weights still maps the whole file into memory; a copy lets go of it.
        for parameter in model.parameters():
            parameter.data = parameter.data.clone()


def _weight_arguments(options: ModelOptions, device: torch.device) -> dict[str, Any]:
    dtype: Any = DTYPES.get(options.dtype)
    if dtype is None:
        dtype = torch.float32 if device.type == "cpu" else "auto"
    arguments: dict[str, Any] = {"dtype": dtype}
    if options.device_map:
        arguments["device_map"] = options.device_map
    if options.quantization != "none":
        if find_spec("bitsandbytes") is None:
            raise BackendUnavailableError(
                f"{options.quantization} weights need bitsandbytes, which is not installed.",
                hint="pip install bitsandbytes, or set quantization = none",
            )
        from transformers import BitsAndBytesConfig

        arguments["quantization_config"] = BitsAndBytesConfig(
            load_in_8bit=options.quantization == "8bit", load_in_4bit=options.quantization == "4bit"
        )
        arguments.setdefault("device_map", {"": str(device)})
    return arguments


@contextmanager
def _clear_errors(model: str, device: torch.device) -> Iterator[None]:
    """Turn whatever loading raises into one message that says what to do."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise UsageError(
            f"{model} does not fit into the memory of {device}.",
            hint="Use a smaller model, dtype = float16, quantization = 8bit or 4bit, or device_map = auto.",
        ) from error
    except Exception as error:  # transformers raises OSError, ValueError, KeyError, SafetensorError …
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UsageError(
            f"The model {model} cannot be loaded: {line}",
            hint="It must be a causal language model with tokenizer files and safetensors or GGUF weights; "
            "if files are damaged, download them again.",
        ) from error
