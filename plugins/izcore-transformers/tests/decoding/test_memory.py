"""What is done when memory runs out, and what is said."""

import pytest
import torch
from tiny_models import embeddings, rows_of, tiny_model
from torch import Tensor

from izcore.plugin import BackendError
from izcore_transformers.decoding.batched_engine import decode, read_prefix


class ShortMemory:
    """Runs out of memory as a device does that holds only so many rows."""

    def __init__(self, most_rows: int, error: Exception) -> None:
        self.most_rows, self.error = most_rows, error
        self.tried: list[int] = []

    def __call__(self, _module: object, _args: object, kwargs: dict[str, Tensor]) -> None:
        if kwargs.get("inputs_embeds") is not None and kwargs["inputs_embeds"].shape[1] == 1:
            self.tried.append(len(kwargs["inputs_embeds"]))
            if self.tried[-1] > self.most_rows:
                raise self.error


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "python"],
)
def test_short_memory_halves_the_batch(error: Exception) -> None:
    model = tiny_model()
    rows = rows_of([3, 5, 8, 3, 6, 9, 4])
    expected = decode(model, prefix=None, rows=rows, max_new_tokens=5, eos_token_ids=[], batch_size=7)
    memory = ShortMemory(3, error)
    model.register_forward_pre_hook(memory, with_kwargs=True)
    decoded = decode(model, prefix=None, rows=rows, max_new_tokens=5, eos_token_ids=[], batch_size=7)
    assert decoded == expected
    assert memory.tried == [7, 3, 3, 1]


def test_no_memory_for_one_row_is_said() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, MemoryError()), with_kwargs=True)
    with pytest.raises(BackendError, match="single prompt of 5 tokens"):
        decode(
            model,
            prefix=embeddings(2, 1),
            rows=rows_of([3]),
            max_new_tokens=5,
            eos_token_ids=[],
            batch_size=4,
        )


def test_no_memory_for_the_prefix_is_said() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, MemoryError()), with_kwargs=True)
    with pytest.raises(BackendError, match="single prompt of 1 tokens and up to 5 new ones"):
        read_prefix(model, embeddings(1, 1), 5)


def test_other_errors_are_not_taken_for_short_memory() -> None:
    model = tiny_model()
    model.register_forward_pre_hook(ShortMemory(0, RuntimeError("shape mismatch")), with_kwargs=True)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        decode(model, prefix=None, rows=rows_of([3]), max_new_tokens=5, eos_token_ids=[], batch_size=4)
