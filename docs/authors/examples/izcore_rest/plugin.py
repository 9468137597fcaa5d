"""Registers the scorer. Imported whenever ``iz`` lists what there is, so it imports no HTTP client."""

from typing import Annotated

from izcore.plugin import Meta, Options, Price, ScorerRegistration, hookimpl

IZCORE_API = 1


class RestOptions(Options):
    """What a user can set."""

    url: Annotated[str, Meta(min_length=1, description="Where the endpoint is")]
    max_tokens: Annotated[int, Meta(ge=1, description="Longest answer, in tokens")] = 64
    concurrency: Annotated[int, Meta(ge=1, le=256, description="Requests under way at once")] = 8
    timeout: Annotated[float, Meta(gt=0, description="Seconds that an answer may take")] = 60.0
    price: Annotated[
        Price | None, Meta(description="US dollars per million input and output tokens; --max-cost needs it")
    ] = None


@hookimpl
def izcore_scorers() -> list[ScorerRegistration]:
    """Register the scorer."""
    return [
        ScorerRegistration(
            name="rest",
            summary="Our own endpoint",
            factory="izcore_rest.scorer:Rest",
            options=RestOptions,
            argument="url",
            install="pip install izcore-rest",
        )
    ]
