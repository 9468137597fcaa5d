"""Converts a GGUF file once to a folder of safetensors, which then loads in a second."""

import errno
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from izcore.plugin import BackendUnavailableError, UsageError, make_private_folder
from izcore_transformers.models.quiet import quiet_libraries
from izcore_transformers.models.sources import Source

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
"""Number formats that weights can be converted to."""


def converted_folder(source: Source, dtype: torch.dtype, cache_dir: str) -> Path:
    """Say where the converted weights of ``source`` belong, whether or not they are there."""
    number_format = str(dtype).removeprefix("torch.")
    return Path(cache_dir) / "models" / f"{source.name}-{source.content[:16]}-{number_format}"


def find_converted(source: Source, cache_dir: str) -> Path | None:
    """Return a folder with the converted weights of ``source``, in any number format; None without one."""
    folders = (converted_folder(source, dtype, cache_dir) for dtype in DTYPES.values())
    return next((folder for folder in folders if folder.is_dir()), None)


def ensure_converted(source: Source, dtype: torch.dtype, cache_dir: str) -> Path:
    """Return the folder with the weights of the GGUF file ``source``, converting it if need be.

    The folder appears whole or not at all, also when the process is killed or another one converts
    the same file at the same time. Raises :class:`UsageError` for a damaged or unknown file and for
    a full disk.
    """
    folder = converted_folder(source, dtype, cache_dir)
    if folder.is_dir():
        return folder
    try:
        make_private_folder(folder.parent)
        with FileLock(folder.with_name(folder.name + ".lock")):
            if folder.is_dir():
                return folder
            for leftover in folder.parent.glob(f".{folder.name}-*"):
                shutil.rmtree(leftover, ignore_errors=True)
            unfinished = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
            try:
                _convert(Path(source.place), dtype, unfinished)
                unfinished.rename(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise _write_error(folder, error) from error
    return folder


def _convert(path: Path, dtype: torch.dtype, folder: Path) -> None:
    check_complete(path)
    try:
        with quiet_libraries():
            tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
            model = AutoModelForCausalLM.from_pretrained(
                str(path.parent),
                gguf_file=path.name,
                dtype=dtype,
                quantization_config=GgufConfig(dequantize=True),
            )
    except Exception as error:  # the readers raise whatever the damage leads to
        raise UsageError(
            f"The GGUF file {path} cannot be loaded: {_first_line(error)}",
            hint="Download it again; if it is whole, transformers may not support its architecture.",
        ) from error
    model.hf_quantizer = None
    model.is_quantized = False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    with quiet_libraries():
        try:
            model.save_pretrained(str(folder))
            tokenizer.save_pretrained(str(folder))
        except Exception as error:
            if isinstance(error, OSError):
                raise
            raise OSError(errno.EIO, _first_line(error)) from error  # safetensors has its own error type


def check_complete(path: Path) -> None:
    """Raise :class:`UsageError` if the tensors that a GGUF file announces are not all there."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise BackendUnavailableError("Reading GGUF files needs gguf.", hint="pip install gguf") from error
    try:
        tensors = GGUFReader(str(path)).tensors
        end = max(int(tensor.data_offset) + int(tensor.n_bytes) for tensor in tensors)
    except Exception:  # numpy and gguf raise whatever the missing bytes lead to
        end = sys.maxsize
    if end > path.stat().st_size:
        raise UsageError(
            f"The GGUF file {path} is cut short or damaged ({path.stat().st_size:,} bytes).",
            hint="Download it again.",
        )


def _write_error(folder: Path, error: OSError) -> UsageError:
    no_space = error.errno == errno.ENOSPC or "no space left" in str(error).lower()
    if no_space:
        free = shutil.disk_usage(folder.parent).free if folder.parent.is_dir() else 0
        return UsageError(
            f"The disk is full: the converted model does not fit into {folder.parent} "
            f"({free / 1e9:.1f} GB free).",
            hint="Free some space and run the command again; nothing half-written was kept.",
        )
    return UsageError(
        f"The converted model cannot be written to {folder.parent}: {_first_line(error)}",
        hint="Check that you may write there.",
    )


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
