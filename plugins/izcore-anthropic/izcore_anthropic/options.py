"""What a user can set on the scorer; read by ``iz plugins show``, so no SDK is imported."""

from typing import Annotated, Literal

from izcore.plugin import ChatOptions, Meta

ReasoningEffort = Literal["none", "low", "medium", "high", "xhigh", "max"]


class AnthropicOptions(ChatOptions, frozen=True, kw_only=True):
    """Options of ``anthropic`` and ``claude``. No option holds a key: keys come from the environment."""

    base_url: Annotated[
        str, Meta(description="The server's URL; else ANTHROPIC_BASE_URL, else Anthropic itself")
    ] = ""
    api_key_env: Annotated[
        str,
        Meta(
            pattern="^([A-Z_][A-Z0-9_]*)?$",
            description="Environment variable that holds the key; else ANTHROPIC_API_KEY, "
            "else ANTHROPIC_AUTH_TOKEN",
        ),
    ] = ""
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="0 to 1; 0 is left out where the model takes no temperature, null always"),
    ] = 0.0
    stop: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(description="Texts before which the answer ends"),
    ] = ()
    reasoning_effort: Annotated[
        ReasoningEffort | None,
        Meta(
            description="How much the model reasons before it answers, none for not at all; "
            "else the model's own default"
        ),
    ] = None
    image_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Most tokens of one image; else 5000")
    ] = None
