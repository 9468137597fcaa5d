"""Linear layers with weights that oneDNN has laid out for this processor.

In float32 the same arithmetic up to the rounding of sums, measured 2 to 3 times faster than
``torch.nn.Linear`` at 20 rows and more on an AMD EPYC, for which MKL leaves AVX-512 unused, and no slower
at one row. The operators are those that PyTorch's own compiler emits for linear layers on a cpu, and for
what is done with their results.

In bfloat16, weights, inputs and results are rounded to 8 significant bits, and sums are kept in float32. A
processor with instructions for it does so in half the time, or in a sixth of it.
"""

import torch
from torch import Tensor, nn

EXPECTED_ROWS = 32
"""Rows of input that the layout is chosen for; any number of rows works."""


class PackedLinear(nn.Module):
    """Computes what ``torch.nn.Linear`` computes with a weight [out, in] and a bias; for inference only.

    It computes in ``dtype``, float32 or bfloat16.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.out_features, self.in_features = weight.shape
        self.dtype = dtype
        self.bias = None if bias is None else bias.detach()
        # A plain attribute: a buffer would be handed to ``Module.to``, which the layout cannot follow.
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype), EXPECTED_ROWS)

    @classmethod
    def of(cls, *linears: nn.Linear, dtype: torch.dtype = torch.float32) -> "PackedLinear":
        """Return what computes a layer's results, or those of several on the same input, side by side."""
        biases: list[Tensor] = [each.bias for each in linears if each.bias is not None]
        return cls(torch.cat([each.weight for each in linears]), torch.cat(biases) if biases else None, dtype)

    @property
    def weight(self) -> Tensor:
        """The weight [out, in] in PyTorch's layout, as it was rounded, made anew at every access."""
        dense: Tensor = self._packed.to_dense()
        return dense

    def forward(self, batch: Tensor) -> Tensor:
        """Return ``batch`` [..., in] times the weight, plus the bias: [..., out], in its format."""
        return self.activated(batch.to(self.dtype), "none").to(batch.dtype)

    def activated(self, batch: Tensor, activation: str) -> Tensor:
        """Return the result for a batch in ``dtype`` under one of oneDNN's activations, such as ``swish``."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise.default(
            batch, self._packed, self.bias, activation, [], ""
        )
        return result

    def times(self, batch: Tensor, factors: Tensor) -> Tensor:
        """Return the result times ``factors`` [..., out]; both are given in ``dtype``."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(
            batch, factors, self._packed, self.bias, "mul"
        )
        return result
