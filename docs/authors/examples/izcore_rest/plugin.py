"""Registers the scorer. Imported whenever ``iz`` lists what there is, so it imports no HTTP client."""

from izcore.plugin import ChatOptions, ScorerRegistration, hookimpl

IZCORE_API = 1


class RestOptions(ChatOptions):
    """What a user can set: model, base_url, key variable, price … that every such scorer has."""


@hookimpl
def izcore_scorers() -> list[ScorerRegistration]:
    """Register the scorer."""
    return [
        ScorerRegistration(
            name="rest",
            summary="Our own endpoint",
            factory="izcore_rest.scorer:Rest",
            options=RestOptions,
            argument="model",
            install="pip install izcore-rest",
        )
    ]
