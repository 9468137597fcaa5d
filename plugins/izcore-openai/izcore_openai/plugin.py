"""Registers the scorer ``openai``; imports no SDK."""

from collections.abc import Iterable

from izcore.plugin import Backend, hookimpl
from izcore_openai.options import OpenAIOptions

IZCORE_API = 1


@hookimpl
def izcore_scorers() -> Iterable[Backend]:
    """Offer the Chat Completions protocol."""
    return [
        Backend(
            name="openai",
            summary="ChatGPT, and every server that speaks OpenAI's Chat Completions",
            factory="izcore_openai.scorer:OpenAIScorer",
            options=OpenAIOptions,
            argument="model",
            install="pip install izcore-openai",
            # Cheap, and it answers without reasoning first.
            probe={"model": "gpt-4o-mini"},
        )
    ]
