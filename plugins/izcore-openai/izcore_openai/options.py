"""What a user can set on the scorer; read by ``iz plugins show``, so no SDK is imported."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from izcore.plugin import ChatOptions, Meta

ReasoningEffort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class OpenAIOptions(ChatOptions, frozen=True, kw_only=True):
    """Options of ``openai``. No option holds a key: keys come from the environment."""

    model: Annotated[
        str, Meta(min_length=1, description="The model's name as the server knows it (Azure: the deployment)")
    ]
    base_url: Annotated[
        str,
        Meta(description="The server's URL, usually ending in /v1; else OPENAI_BASE_URL, else OpenAI itself"),
    ] = ""
    api_key_env: Annotated[
        str,
        Meta(
            pattern="^([A-Z_][A-Z0-9_]*)?$",
            description="Environment variable that holds the key; else OPENAI_API_KEY "
            "(AZURE_OPENAI_API_KEY with api_version)",
        ),
    ] = ""
    api_version: Annotated[
        str,
        Meta(
            description="Azure's api-version; makes base_url (or AZURE_OPENAI_ENDPOINT) an Azure endpoint, "
            "such as https://NAME.openai.azure.com"
        ),
    ] = ""
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=2)] | None,
        Meta(description="0 to 2; 0 is left out where the model takes no temperature, null always"),
    ] = 0.0
    top_p: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None, Meta(description="Nucleus sampling; rarely needed")
    ] = None
    stop: Annotated[
        tuple[Annotated[str, Meta(min_length=1)], ...],
        Meta(max_length=4, description="Texts before which the answer ends"),
    ] = ()
    seed: Annotated[int | None, Meta(description="Sent with every call; none is sent if not given")] = None
    reasoning: Annotated[
        bool | None,
        Meta(
            description="Whether this is one of OpenAI's reasoning models, for names that do not tell "
            "(Azure deployments, aliases of a proxy)"
        ),
    ] = None
    reasoning_effort: Annotated[
        ReasoningEffort | None,
        Meta(description="How much the model reasons before it answers; else the model's own default"),
    ] = None
    image_detail: Annotated[
        Literal["auto", "low", "high"],
        Meta(description="How closely images are looked at; low costs least"),
    ] = "auto"
    image_tokens: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description="Most tokens of one image; else the model's most, or 16384 for other servers"),
    ] = None
    extra_body: Annotated[
        Mapping[str, Any],
        Meta(description="Further fields of the request, as this server wants them; recorded with the run"),
    ] = {}
