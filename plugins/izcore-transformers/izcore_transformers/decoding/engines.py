"""The ways to decode, by the names that the option ``engine`` gives them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from torch import Tensor
from transformers import PreTrainedModel

from izcore_transformers.decoding import batched_engine, plain_engine
from izcore_transformers.decoding.endings import Decoded, IsComplete
from izcore_transformers.decoding.runner import Prefix
from izcore_transformers.decoding.sampling import Sampling


class Engine(Protocol):
    """Goes on after prompts with the tokens that a model finds likeliest. All engines write the same."""

    def decode(
        self,
        model: PreTrainedModel,
        *,
        prefix: Tensor | Prefix | None,
        rows: Sequence[Tensor],
        max_new_tokens: int,
        eos_token_ids: Collection[int],
        batch_size: int,
        stop: IsComplete | None = None,
        sampling: Sequence[Sampling | None] = (),
    ) -> list[Decoded]:
        """Go on after ``prefix`` + each row; results come in the order of ``rows``.

        Greedily, but for rows that have an entry in ``sampling`` (empty, or one for each row).

        ``prefix`` is [p, hidden], what :meth:`read_prefix` made of it, or None; each row is [n, hidden]
        with its own n >= 1; both hold input embeddings as ``model.get_input_embeddings()`` returns them.
        A row ends with one of ``eos_token_ids``, where ``stop`` says so, or after ``max_new_tokens``.

        A row's tokens do not depend on the rows beside it, up to ties: kernels for other batch shapes
        round differently in the last bit, which decides only between two tokens of equal probability.
        """

    def read_prefix(self, model: PreTrainedModel, embeddings: Tensor, max_new_tokens: int) -> Prefix | Tensor:
        """Do once what many calls of :meth:`decode` have in common that begin with ``embeddings``."""


ENGINES: Mapping[str, Engine] = {"batched": batched_engine, "plain": plain_engine}
