"""Makes the SDK's client."""

from ssl import SSLContext
from typing import Any

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from izcore.plugin import Endpoint, read_capped

CONNECT_SECONDS = 30.0


class CappedClient(DefaultAsyncHttpxClient):
    """Reads no response that is longer than any answer, however small it is while it is compressed."""

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send a request; return the response with its body, unless it is to be a stream."""
        response = await super().send(request, stream=True, **options)
        if stream:
            return response
        try:
            content = await read_capped(response)
        finally:
            await response.aclose()
        packed = ("content-encoding", "content-length", "transfer-encoding")
        headers = [(name, value) for name, value in response.headers.multi_items() if name not in packed]
        return httpx2.Response(
            response.status_code,
            headers=headers,
            content=content,
            request=response.request,
            extensions=response.extensions,
            history=response.history,
        )


def make_client(endpoint: Endpoint, *, api_version: str, seconds: float, tls: SSLContext) -> AsyncOpenAI:
    """Return a client that gives a call so many seconds, and keeps as many connections alive as are used.

    ``api_version`` is Azure's; empty for all others. ``tls`` is shared, since every client would read all
    certificates anew.
    """
    timeout = Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    # The core limits concurrency; the pool only has to keep that many connections alive.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    http_client = CappedClient(limits=limits, timeout=timeout, verify=tls)
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
