"""A model's tokenizer, and the conversation template that fits the model."""

from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from izcore_transformers.models.gguf import find_converted
from izcore_transformers.models.presets import known_conversation
from izcore_transformers.models.quiet import quiet_libraries
from izcore_transformers.models.sources import Source, find_source
from izcore_transformers.options import ModelOptions


def load_tokenizer(options: ModelOptions, cache_dir: str) -> tuple[PreTrainedTokenizerBase, str]:
    """Return the tokenizer and the conversation template that :func:`load_model` would; loads no weights."""
    source = find_source(options)
    arguments = source_arguments(source, options)
    place = source.place
    if source.kind == "gguf":
        converted = find_converted(source, cache_dir)
        if converted is None:
            arguments["gguf_file"] = Path(source.place).name
        place = str(converted or Path(source.place).parent)
    with quiet_libraries():
        tokenizer = AutoTokenizer.from_pretrained(place, **arguments)
    return tokenizer, fitting_conversation(options.model, source, tokenizer)


def source_arguments(source: Source, options: ModelOptions) -> dict[str, Any]:
    """Return what ``from_pretrained`` of transformers is told about ``source``, whatever it loads."""
    if source.kind != "hub":
        return {"trust_remote_code": options.trust_remote_code, "local_files_only": True}
    # Not the commit: only from "main" does transformers turn to the hub's own safetensors
    # conversion of a model that was published as pickle, as Vicuna was.
    return {"trust_remote_code": options.trust_remote_code, "revision": options.revision or "main"}


def fitting_conversation(model: str, source: Source, tokenizer: PreTrainedTokenizerBase) -> str:
    """Return the conversation template that fits: ``vicuna``, ``tokenizer`` or ``plain``."""
    known = known_conversation(model) or known_conversation(source.name)
    if known in ("", "tokenizer"):
        return "tokenizer" if getattr(tokenizer, "chat_template", None) else "plain"
    return known
