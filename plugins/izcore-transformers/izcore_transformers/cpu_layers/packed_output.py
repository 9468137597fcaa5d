"""An output layer in bfloat16 whose choice is float32's."""

import torch
from torch import Tensor, nn

from izcore_transformers.cpu_layers.packed_linear import PackedLinear

EXACT_LOGITS = 8
"""So many of a token's highest logits are computed in float32. In bfloat16 neighbouring numbers lie so far
apart (0.125 at 16) that several words often share the first place."""


class PackedOutput(nn.Module):
    """Computes what a model's output layer computes: the logits of its whole vocabulary, float32.

    All of them in bfloat16, and then the highest anew in float32, so that it is float32 that chooses among
    the words that are likely at all.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.out_features = linear.out_features
        self.rough = PackedLinear.of(linear, dtype=torch.bfloat16)
        # Often those of the input embeddings, which stay in memory anyway.
        self.weight, self.bias = linear.weight, linear.bias

    def forward(self, batch: Tensor) -> Tensor:
        """Return the logits [..., vocabulary] of ``batch`` [..., hidden]."""
        rough = self.rough.activated(batch.to(self.rough.dtype), "none")
        highest = rough.topk(min(EXACT_LOGITS, self.out_features), dim=-1).indices
        exact = (self.weight[highest] @ batch.unsqueeze(-1)).squeeze(-1)
        if self.bias is not None:
            exact = exact + self.bias[highest]
        return rough.to(batch.dtype).scatter_(-1, highest, exact)
