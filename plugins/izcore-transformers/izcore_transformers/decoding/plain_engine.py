"""Decoding by ``generate`` of transformers, one row at a time: the reference for quicker ways."""

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, PreTrainedModel, StoppingCriteria

from izcore_transformers.decoding.endings import Decoded, Ending, IsComplete
from izcore_transformers.decoding.memory import memory_error, with_memory
from izcore_transformers.decoding.runner import Prefix
from izcore_transformers.decoding.sampling import Sampler, Sampling

AS_THE_MODEL_SAYS: dict[str, Any] = {
    "do_sample": False,
    "num_beams": 1,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "eos_token_id": None,
    "pad_token_id": None,
}
"""The likeliest token each time, without what a model's own generation settings would change about it."""


@torch.inference_mode()
def decode(
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
    """Go on after ``prefix`` + each row, as :class:`~izcore_transformers.decoding.engines.Engine` says.

    ``batch_size`` changes nothing. Raises :class:`BackendError` if a row does not fit into memory.
    """
    ending = Ending(max_new_tokens, frozenset(eos_token_ids), stop)
    opening = prefix.embeddings if isinstance(prefix, Prefix) else prefix
    decoded = []
    for row, draw in zip(rows, sampling or [None] * len(rows), strict=True):
        whole = row if opening is None else torch.cat([opening, row])
        one = with_memory(partial(_generated, model, whole, ending, draw))
        if one is None:
            raise memory_error(model, len(whole), max_new_tokens)
        decoded.append(one)
    return decoded


def read_prefix(model: PreTrainedModel, embeddings: Tensor, max_new_tokens: int) -> Tensor:
    """Return ``embeddings`` [p, hidden], for every row is read whole."""
    return embeddings


def _generated(model: PreTrainedModel, whole: Tensor, ending: Ending, draw: Sampling | None) -> Decoded:
    table = model.get_input_embeddings().weight
    tokens = model.generate(
        inputs_embeds=whole.unsqueeze(0).to(table.device, table.dtype),
        attention_mask=torch.ones(1, len(whole), dtype=torch.long, device=table.device),
        max_new_tokens=ending.max_new_tokens,
        logits_processor=[] if draw is None else [_Drawn(Sampler(draw))],
        stopping_criteria=[_Ended(ending)],
        **AS_THE_MODEL_SAYS,
    )[0].tolist()
    decoded = ending.of(tokens)
    assert decoded is not None, "generate stops where the ending says"
    return decoded


class _Ended(StoppingCriteria):  # type: ignore[misc]
    """Stops where the ending says."""

    def __init__(self, ending: Ending) -> None:
        self._ending = ending

    def __call__(self, input_ids: Tensor, scores: Tensor, **_: Any) -> Tensor:
        ended = [self._ending.of(tokens) is not None for tokens in input_ids.tolist()]
        return torch.tensor(ended, device=input_ids.device)


class _Drawn(LogitsProcessor):  # type: ignore[misc]
    """Leaves one token to choose, drawn from a seed of the row's own rather than the process's."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        chosen = torch.full_like(scores, -torch.inf)
        chosen[0, self._sampler.draw(scores[0])] = 0
        return chosen
