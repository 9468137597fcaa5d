"""Texts as a language model reads them, for those who name one."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from izcore.plugin import ConfigError

LONGEST = 512
"""Tokens that are read of a text, as many as BERT can."""


class Encoder:
    """A BERT-like model on this machine, which is loaded once and reads each text once."""

    def __init__(self, model: str) -> None:
        self._name = model
        self._loaded: tuple[Any, Any] | None = None
        self._known: dict[str, Tensor] = {}

    def load(self) -> tuple[Any, Any]:
        """Return tokenizer and model; raise ConfigError where there is none, or nothing to load it with."""
        if self._loaded is None:
            with torch.random.fork_rng(devices=[]):
                self._loaded = self._load()
        return self._loaded

    def points(self, texts: Sequence[str]) -> Tensor:
        """Return the hidden state of each text's first token, (n, k), float64.

        Each column is moved and scaled so that it fills [0, 1] over the ``texts``.
        """
        for text in texts:
            if text not in self._known:
                self._known[text] = self._read(text)
        states = torch.stack([self._known[text] for text in texts])
        low, high = states.amin(0), states.amax(0)
        scaled: Tensor = (states - low) / (high - low).where(high > low, 1.0)
        return scaled

    def _read(self, text: str) -> Tensor:
        # One at a time: the last bits would depend on what else is in a batch, and a resumed run's differ.
        tokenizer, model = self.load()
        tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=LONGEST)
        with torch.no_grad():
            state: Tensor = model(**tokens).last_hidden_state[0, 0].double()
        return state

    def _load(self) -> tuple[Any, Any]:
        try:
            from transformers import AutoModel, AutoTokenizer
        except ImportError:
            raise ConfigError(
                "surrogate.encoder: a text encoder needs the package transformers, which is not installed.",
                hint="pip install 'izcore-botorch[encoder]', or leave surrogate.encoder out.",
            ) from None
        try:
            tokenizer = AutoTokenizer.from_pretrained(self._name, local_files_only=True)
            model = AutoModel.from_pretrained(self._name, local_files_only=True, use_safetensors=True)
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"surrogate.encoder: there is no text encoder {self._name} on this machine.",
                hint="Name a folder with its config.json, tokenizer and model.safetensors.",
            ) from error
        return tokenizer, model.eval()
