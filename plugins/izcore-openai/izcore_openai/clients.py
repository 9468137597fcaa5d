"""Makes the SDK's client."""

from ssl import SSLContext

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from izcore.plugin import Endpoint

CONNECT_SECONDS = 30.0


def make_client(endpoint: Endpoint, *, api_version: str, seconds: float, tls: SSLContext) -> AsyncOpenAI:
    """Return a client that gives a call so many seconds, and keeps as many connections alive as are used.

    ``api_version`` is Azure's; empty for all others. ``tls`` is shared, since every client would read all
    certificates anew.
    """
    timeout = Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    # The core limits concurrency; the pool only has to keep that many connections alive.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    http_client = DefaultAsyncHttpxClient(limits=limits, timeout=timeout, verify=tls)
    # The core tries again, under the budget; two layers of retries would multiply.
    if api_version:
        return AsyncAzureOpenAI(
            azure_endpoint=endpoint.base_url,
            api_version=api_version,
            api_key=endpoint.sent_key,
            timeout=timeout,
            max_retries=0,
            http_client=http_client,
        )
    return AsyncOpenAI(
        base_url=endpoint.base_url,
        api_key=endpoint.sent_key,
        timeout=timeout,
        max_retries=0,
        http_client=http_client,
    )
