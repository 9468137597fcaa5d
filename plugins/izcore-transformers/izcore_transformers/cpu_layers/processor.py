"""What the processor of this machine computes."""

import platform

import torch

BFLOAT16_INSTRUCTIONS = {"amx_bf16": "AMX", "avx512_bf16": "AVX512-BF16"}
"""Instructions that multiply bfloat16 matrices, as PyTorch and as people call them; the quickest first."""


def has_packed_layers() -> bool:
    """Whether this processor gains by weights that oneDNN lays out for it."""
    return (
        platform.machine().lower() in {"x86_64", "amd64"} and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    )


def bfloat16_instructions() -> str:
    """Return what this processor multiplies bfloat16 matrices by, such as ``AMX``; empty if by nothing."""
    if not has_packed_layers():
        return ""
    say = getattr(torch.cpu, "get_capabilities", dict)  # older versions of PyTorch do not
    present: dict[str, object] = say()
    return next((name for flag, name in BFLOAT16_INSTRUCTIONS.items() if present.get(flag)), "")
