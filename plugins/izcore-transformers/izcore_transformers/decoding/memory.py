"""What running out of memory looks like, and what can be done about it."""

from collections.abc import Callable
from typing import TypeVar

import torch
from transformers import PreTrainedModel

from izcore.plugin import BackendError

Result = TypeVar("Result")


def with_memory(work: Callable[[], Result]) -> Result | None:
    """Return what ``work`` returns, or None if memory ran out, after freeing what it held."""
    try:
        return work()
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
    # Outside the handler, where the error's traceback no longer holds the tensors of the failed attempt.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None


def memory_error(model: PreTrainedModel, tokens: int, max_new_tokens: int) -> BackendError:
    """Return the error that says that one prompt of ``tokens`` tokens is too much."""
    return BackendError(
        f"Memory ran out while {type(model).__name__} decoded a single prompt of {tokens} tokens "
        f"and up to {max_new_tokens} new ones.",
        hint="Use a smaller model, fewer new tokens, shorter prompts, or a device with more memory.",
    )


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error).lower()
    return any(phrase in text for phrase in ("out of memory", "can't allocate memory", "not enough memory"))
