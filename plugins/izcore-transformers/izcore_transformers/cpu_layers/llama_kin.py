"""Which models are built as Llama is, inside too, so that parts of them may be replaced by quicker ones."""

LLAMA_KIN = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Their ``model_type``. Their attention is handed what the call of the model says, and their feed-forward
blocks are gated. Each is tested."""
