"""Where calls go and with which key: Anthropic itself, or any server that speaks the protocol."""

from collections.abc import Mapping
from dataclasses import replace

from izcore.plugin import Endpoint, Provider, find_endpoint
from izcore_anthropic.options import AnthropicOptions

ANTHROPIC = Provider(
    name="Anthropic",
    url="https://api.anthropic.com",
    host="api.anthropic.com",
    url_variable="ANTHROPIC_BASE_URL",
    # The second is what many gateways ask for; the SDK looks for them in this order.
    key_variables=("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
    example_url="https://api.anthropic.com or http://127.0.0.1:8080",
)


def endpoint_of(options: AnthropicOptions, environ: Mapping[str, str], *, planning: bool = False) -> Endpoint:
    """Return the endpoint that options and environment name.

    Raises UsageError for an address that is none, and where a key is needed and missing, unless a run
    is only planned.
    """
    endpoint = find_endpoint(
        ANTHROPIC, environ, base_url=options.base_url, key_variable=options.api_key_env, planning=planning
    )
    # The SDK adds /v1 itself; many people write it, as other clients want it.
    return replace(endpoint, base_url=endpoint.base_url.removesuffix("/v1"))
