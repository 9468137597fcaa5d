"""Registers the scorer ``openai``; imports no SDK."""

from collections.abc import Iterable

from izcore.plugin import ScorerRegistration, hookimpl
from izcore_openai.options import OpenAIOptions

IZCORE_API = 1


@hookimpl
def izcore_scorers() -> Iterable[ScorerRegistration]:
    """Offer the Chat Completions protocol."""
    return [
        ScorerRegistration(
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
