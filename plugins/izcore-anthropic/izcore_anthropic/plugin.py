"""Registers the scorers ``anthropic`` and ``claude``; imports no SDK."""

from collections.abc import Iterable

from izcore.plugin import ScorerRegistration, hookimpl
from izcore_anthropic.options import AnthropicOptions

IZCORE_API = 1

DEFAULT_MODEL = "claude-haiku-5-5"
"""What ``claude`` means without a model: current, and made for many small calls."""

FACTORY = "izcore_anthropic.scorer:AnthropicScorer"
INSTALL = "pip install izcore-anthropic"


@hookimpl
def izcore_scorers() -> Iterable[ScorerRegistration]:
    """Offer the Messages protocol under two names."""
    return [
        ScorerRegistration(
            name="anthropic",
            summary="Claude, and every server that speaks Anthropic's Messages",
            factory=FACTORY,
            options=AnthropicOptions,
            argument="model",
            install=INSTALL,
            probe={"model": DEFAULT_MODEL},
        ),
        ScorerRegistration(
            name="claude",
            summary=f"The same, with a model already chosen: {DEFAULT_MODEL}",
            factory=FACTORY,
            options=AnthropicOptions,
            argument="model",
            install=INSTALL,
            defaults={"model": DEFAULT_MODEL},
        ),
    ]
