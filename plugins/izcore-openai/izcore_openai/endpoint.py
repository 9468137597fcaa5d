"""Where calls go and with which key: OpenAI itself, Azure, or any server that speaks the protocol."""

from collections.abc import Mapping

from izcore.plugin import Endpoint, Provider, find_endpoint
from izcore_openai.options import OpenAIOptions

OPENAI = Provider(
    name="OpenAI",
    url="https://api.openai.com/v1",
    host="api.openai.com",
    url_variable="OPENAI_BASE_URL",
    key_variables=("OPENAI_API_KEY",),
    example_url="https://api.openai.com/v1 or http://127.0.0.1:8080/v1",
)
AZURE = Provider(
    name="Azure (scorer.api_version)",
    url="",
    host="",
    url_variable="AZURE_OPENAI_ENDPOINT",
    key_variables=("AZURE_OPENAI_API_KEY",),
    example_url="https://NAME.openai.azure.com",
    needs_key=True,
)


def endpoint_of(options: OpenAIOptions, environ: Mapping[str, str], *, planning: bool = False) -> Endpoint:
    """Return the endpoint that options and environment name; ``api_version`` makes it one of Azure's.

    Raises UsageError for an address that is none, and where a key is needed and missing, unless a run
    is only planned.
    """
    provider = AZURE if options.api_version else OPENAI
    return find_endpoint(
        provider, environ, base_url=options.base_url, key_variable=options.api_key_env, planning=planning
    )
