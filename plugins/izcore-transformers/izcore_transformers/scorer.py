"""A local language model as the black box: prompts in, answers with token usage out."""

import asyncio
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from izcore.plugin import (
    BackendContext,
    Completion,
    CompletionRequest,
    CompletionResult,
    FatalScorerError,
    Price,
    Prompt,
    Scorer,
    ScorerInfo,
    Usage,
    answer_start,
    derive_seed,
)
from izcore_transformers.decoding.endings import Decoded, end_tokens
from izcore_transformers.decoding.engines import ENGINES
from izcore_transformers.decoding.sampling import Sampling
from izcore_transformers.models.answers import AnswerReader
from izcore_transformers.models.chat import chat_tokens, opening_of_reasoning
from izcore_transformers.models.loading import LoadedModel, embed_tokens, load_model, model_identity
from izcore_transformers.models.tokenizer import load_tokenizer
from izcore_transformers.options import ScorerOptions

SHORTEST_PREFIX = 8
"""Tokens that prompts must share at least, to be worth a forward pass of their own."""


class HFScorer(Scorer):
    """Answers with any causal language model of transformers, on this machine and for nothing.

    Greedily, unless a prompt has a temperature of its own; then from a seed made of its text and ``sample``.
    Prompts of one request that begin alike, as those of one instruction do, share the work on what they
    have in common. The model is loaded when the first prompt is to be answered.
    """

    def __init__(self, options: ScorerOptions, context: BackendContext) -> None:
        self._options = options
        self._context = context
        self._loaded: LoadedModel | None = None
        self._tokenizer: tuple[PreTrainedTokenizerBase, str] | None = None

    def info(self) -> ScorerInfo:
        """Say what changes an answer, and that answers cost nothing. Loads no model."""
        options = self._options
        return ScorerInfo(
            identity={
                "scorer": "hf",
                "model": model_identity(options),
                "conversation": options.conversation,
                "system": options.system,
                "prefill": options.prefill,
                "stop": list(options.stop),
                "max_new_tokens": options.max_new_tokens,
                "temperature": 0,
            },
            batch_size=options.batch_size,
            concurrency=1,
            price=Price(input=0, output=0),
            messages=True,
            system=options.system or "",
        )

    def bound(self, prompt: Prompt) -> Usage:
        """Return the exact input tokens and the most output tokens. Loads the tokenizer alone."""
        if self._tokenizer is None:
            self._tokenizer = load_tokenizer(self._options, self._context.cache_dir)
        return Usage(
            input_tokens=len(self._tokens(prompt, *self._tokenizer)),
            output_tokens=self._room(prompt),
        )

    async def complete(self, request: CompletionRequest) -> CompletionResult:
        """Answer every prompt, in order, outside the event loop's thread.

        Raises :class:`FatalScorerError` for a prompt that does not fit into the model's context.
        """
        # Prompts that are decoded together have the same limit, and all of them a begun answer, or none of
        # them; those of one request hardly ever differ.
        alike: dict[tuple[int, bool], list[int]] = {}
        for place, prompt in enumerate(request.prompts):
            begun = bool(prompt.prefill or self._options.prefill)
            alike.setdefault((self._room(prompt), begun), []).append(place)
        completions: dict[int, Completion] = {}
        for (room, begun), places in alike.items():
            prompts = [request.prompts[place] for place in places]
            answered = await asyncio.to_thread(self._complete, prompts, room, begun)
            completions.update(zip(places, answered, strict=True))
        return CompletionResult(completions=tuple(completions[place] for place in sorted(completions)))

    async def aclose(self) -> None:
        """Let go of the model, which frees its memory if nobody else in this process uses it."""
        self._loaded = None

    def _room(self, prompt: Prompt) -> int:
        return max(self._options.max_new_tokens, prompt.room)

    def _complete(self, prompts: Sequence[Prompt], room: int, begun: bool) -> tuple[Completion, ...]:
        if self._loaded is None:
            self._loaded = load_model(self._options, self._context.cache_dir)
        loaded = self._loaded
        inputs = [self._tokens(prompt, loaded.tokenizer, loaded.conversation) for prompt in prompts]
        self._check_lengths(loaded, prompts, inputs, room)
        conversation = self._conversation(loaded.conversation)
        opening = "" if begun else opening_of_reasoning(loaded.tokenizer, conversation)
        read = AnswerReader(loaded.tokenizer, opening).read
        shared = shared_length(inputs)
        decoded = ENGINES[self._options.engine].decode(
            loaded.model,
            prefix=embed_tokens(loaded, inputs[0][:shared]) if shared else None,
            rows=[embed_tokens(loaded, tokens[shared:]) for tokens in inputs],
            max_new_tokens=room,
            eos_token_ids=end_tokens(loaded.model, loaded.tokenizer),
            batch_size=self._options.batch_size,
            stop=(lambda token_ids: self._end(read(token_ids)) is not None) if self._options.stop else None,
            sampling=[_sampling(prompt) for prompt in prompts],
        )
        return tuple(
            self._completion(tokens, answer, read(answer.token_ids))
            for tokens, answer in zip(inputs, decoded, strict=True)
        )

    def _tokens(
        self, prompt: Prompt, tokenizer: PreTrainedTokenizerBase, conversation: str
    ) -> tuple[int, ...]:
        options = self._options
        own = "\n\n".join(part for part in (options.system, prompt.system) if part)
        return chat_tokens(
            tokenizer,
            prompt.text,
            system=own or options.system,
            turns=prompt.turns,
            prefill=prompt.prefill or options.prefill,
            conversation=self._conversation(conversation),
        )

    def _conversation(self, fitting: str) -> str:
        return fitting if self._options.conversation == "auto" else self._options.conversation

    def _check_lengths(
        self, loaded: LoadedModel, prompts: Sequence[Prompt], inputs: Sequence[Sequence[int]], room: int
    ) -> None:
        context = getattr(loaded.model.config.get_text_config(), "max_position_embeddings", None)
        longest = max(range(len(inputs)), key=lambda index: len(inputs[index]))
        needed = len(inputs[longest]) + room
        if context is not None and needed > context:
            raise FatalScorerError(
                f"A prompt is too long for {loaded.name}: {len(inputs[longest])} tokens and up to "
                f"{room} new ones make {needed}, its context holds {context}. "
                f"The prompt begins: {prompts[longest].folded().text[:80]!r}",
                hint="Shorten the examples or the instruction, lower max_new_tokens, or take a model with "
                "a longer context.",
            )

    def _completion(self, tokens: Sequence[int], answer: Decoded, text: str) -> Completion:
        return Completion(
            text=text[: self._end(text)],
            usage=Usage(input_tokens=len(tokens), output_tokens=len(answer.token_ids)),
            finish=answer.finish,
        )

    def _end(self, text: str) -> int | None:
        return stop_position(text, self._options.stop)


def shared_length(inputs: Sequence[tuple[int, ...]]) -> int:
    """Return how many tokens all ``inputs`` begin with and can share; 0 if it is not worth sharing.

    Every input keeps at least one token of its own.
    """
    first, last = min(inputs), max(inputs)
    longest = min(len(tokens) for tokens in inputs) - 1
    pairs = zip(first[:longest], last[:longest], strict=True)
    shared = next((place for place, (one, other) in enumerate(pairs) if one != other), longest)
    return shared if shared >= SHORTEST_PREFIX and len(inputs) > 1 else 0


def stop_position(text: str, stop: Sequence[str]) -> int | None:
    """Return where the first stop text begins in an answer, after its leading blanks; None without any.

    Reasoning before the answer is no part of it.
    """
    start = answer_start(text)
    if start is None:
        return None
    said = len(text) - len(text[start:].lstrip())
    return min((place for place in (text.find(end, said) for end in stop) if place >= 0), default=None)


def _sampling(prompt: Prompt) -> Sampling | None:
    if not prompt.temperature:
        return None
    return Sampling(prompt.temperature, derive_seed(prompt.sample, prompt.folded().text))
