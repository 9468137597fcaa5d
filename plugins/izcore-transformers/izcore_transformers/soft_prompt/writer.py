"""Writes instructions: meta-prompt and soft prompts in, texts out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from izcore.plugin import BLANK_INSTRUCTION, Example, UsageError, clean_instruction
from izcore_transformers.decoding import batched_engine
from izcore_transformers.decoding.endings import end_tokens
from izcore_transformers.decoding.engines import ENGINES
from izcore_transformers.decoding.runner import Prefix
from izcore_transformers.decoding.sampling import Sampling
from izcore_transformers.decoding.stopping import instruction_end
from izcore_transformers.models.chat import split_chat_tokens
from izcore_transformers.models.loading import LoadedModel, embed_tokens
from izcore_transformers.options import GeneratorOptions
from izcore_transformers.soft_prompt.meta_prompts import find_meta_prompt, user_message

ROWS_AT_A_TIME = 4
"""Bounds the logits of texts that are read, [rows, tokens, vocabulary], to some dozen megabytes."""


@dataclass(frozen=True)
class Written:
    """A model's unedited text and the instruction in it."""

    raw: str
    instruction: str


class Writer:
    """One model with one meta-prompt, filled with the demonstrations of a run."""

    def __init__(
        self, loaded: LoadedModel, options: GeneratorOptions, demonstrations: Sequence[Example]
    ) -> None:
        meta_prompt = find_meta_prompt(options.meta_prompt)
        conversation = loaded.conversation if options.conversation == "auto" else options.conversation
        self._loaded = loaded
        self._options = options
        # Vicuna answers in its own words; a begun answer is for models that would only chat.
        fitting = "" if conversation == "vicuna" else meta_prompt.prefill
        self.prefill = fitting if options.prefill is None else options.prefill
        before, after = split_chat_tokens(
            loaded.tokenizer,
            user_message(meta_prompt, demonstrations[: options.exemplars]),
            system=options.system,
            prefill=self.prefill,
            conversation=conversation,
        )
        _check_length(loaded, options, len(before) + len(after))
        self._engine = ENGINES[options.engine]
        self._before_read: Prefix | Tensor | None = None
        self._before, self._after = embed_tokens(loaded, before), embed_tokens(loaded, after)
        self._eos_token_ids = end_tokens(loaded.model, loaded.tokenizer)

    def write(
        self, soft_prompts: Sequence[Tensor], sampling: Sequence[Sampling | None] = ()
    ) -> list[Written]:
        """Return what the model writes under each soft prompt [n, hidden], each with an n of its own.

        Greedily, but for those that have an entry in ``sampling`` (empty, or one for each).
        """
        shared, rows = self._prepared_inputs(soft_prompts)
        return self._written(shared, rows, sampling)

    def write_unsteered(self) -> Written:
        """Return what the model writes with no soft prompt."""
        return self._written(None, [torch.cat([self._before, self._after])], ())[0]

    @torch.inference_mode()
    def last_hidden_states(self, soft_prompts: Sequence[Tensor]) -> list[tuple[float, ...]]:
        """Return the last layer's state of the last token of each prompt, [n][hidden]."""
        shared, rows = self._inputs(soft_prompts)
        opening = shared if shared is not None else self._before[:0]
        states = []
        for row in rows:
            output = self._loaded.model.base_model(inputs_embeds=torch.cat([opening, row]).unsqueeze(0))
            states.append(tuple(output.last_hidden_state[0, -1].float().tolist()))
        return states

    def write_tokens(self, soft_prompts: Sequence[Tensor], count: int) -> list[tuple[int, ...]]:
        """Return the ``count`` likeliest tokens, one after the other, wherever a text would end."""
        shared, rows = self._prepared_inputs(soft_prompts)
        decoded = self._engine.decode(
            self._loaded.model,
            prefix=shared,
            rows=rows,
            max_new_tokens=count,
            eos_token_ids=(),
            batch_size=self._options.batch_size,
        )
        return [one.token_ids for one in decoded]

    def token_losses(
        self, soft_prompts: Sequence[Tensor], written: Sequence[tuple[int, ...]]
    ) -> list[list[float]]:
        """Return how much less likely each token of ``written`` is than the likeliest in its place, in nats.

        Each is read after its prompt and the tokens ``written`` before it; 0 means that it is the likeliest.
        The soft prompts are of one length, and so are the texts.
        """
        shared, rows = self._prepared_inputs(soft_prompts)
        losses: list[list[float]] = []
        for first in range(0, len(rows), ROWS_AT_A_TIME):
            some = slice(first, first + ROWS_AT_A_TIME)
            chosen = torch.tensor(written[some], device=self._loaded.device)
            known = [
                torch.cat([row, embed_tokens(self._loaded, tokens[:-1])])
                for row, tokens in zip(rows[some], written[some], strict=True)
            ]
            logits = batched_engine.read(
                self._loaded.model, prefix=shared, rows=torch.stack(known), kept=chosen.shape[1]
            )
            given = logits.gather(-1, chosen.unsqueeze(-1)).squeeze(-1)
            losses += (logits.amax(dim=-1) - given).tolist()
        return losses

    def _prepared_inputs(self, soft_prompts: Sequence[Tensor]) -> tuple[Prefix | Tensor | None, list[Tensor]]:
        """Return the same as :meth:`_inputs`, what is shared as the engine reads it once for all calls."""
        shared, rows = self._inputs(soft_prompts)
        if shared is not None and self._before_read is None:
            self._before_read = self._engine.read_prefix(
                self._loaded.model, shared, self._options.max_new_tokens
            )
        return self._before_read, rows

    def _inputs(self, soft_prompts: Sequence[Tensor]) -> tuple[Tensor | None, list[Tensor]]:
        """Return the embeddings shared by all prompts, if any come first, and those of each prompt."""
        placed = [soft.to(self._before.device, self._before.dtype) for soft in soft_prompts]
        if self._options.position == "first":
            return None, [torch.cat([soft, self._before, self._after]) for soft in placed]
        return self._before, [torch.cat([soft, self._after]) for soft in placed]

    def _written(
        self,
        shared: Prefix | Tensor | None,
        rows: Sequence[Tensor],
        sampling: Sequence[Sampling | None],
    ) -> list[Written]:
        decoded = self._engine.decode(
            self._loaded.model,
            prefix=shared,
            rows=rows,
            max_new_tokens=self._options.max_new_tokens,
            eos_token_ids=self._eos_token_ids,
            batch_size=self._options.batch_size,
            stop=self._is_complete,
            sampling=sampling,
        )
        return [self._read(self._text(one.token_ids)) for one in decoded]

    def _is_complete(self, token_ids: Sequence[int]) -> bool:
        return instruction_end(self._text(token_ids), self._options.stop, self.prefill) is not None

    def _text(self, token_ids: Sequence[int]) -> str:
        return str(self._loaded.tokenizer.decode(token_ids, skip_special_tokens=True))

    def _read(self, raw: str) -> Written:
        said = raw[: instruction_end(raw, self._options.stop, self.prefill)]
        if self._options.clean:
            return Written(raw, clean_instruction(said, self.prefill))
        return Written(raw, said.strip() or BLANK_INSTRUCTION)


def _check_length(loaded: LoadedModel, options: GeneratorOptions, tokens: int) -> None:
    """Raise :class:`UsageError` for a prompt that leaves no room for the instruction."""
    room = getattr(loaded.model.config, "max_position_embeddings", None)
    # A sentence that a soft prompt begins from is no longer than one that is written.
    longest = max(options.soft_tokens, options.max_new_tokens if options.sentence_seeds else 0)
    needed = tokens + longest + options.max_new_tokens
    if room is not None and needed > room:
        raise UsageError(
            f"The generator's prompt and answer take up to {needed:,} tokens, "
            f"but {loaded.name} reads {room:,}.",
            hint="Show it fewer demonstrations (generator option exemplars), or shorter ones.",
        )
