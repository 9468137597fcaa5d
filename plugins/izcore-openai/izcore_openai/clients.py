"""SDK clients, one per event loop: connections belong to the loop that opened them."""

import asyncio

import httpx2
from openai import AsyncAzureOpenAI, AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

from izcore_openai.endpoint import Endpoint

CONNECT_SECONDS = 30.0


class Clients:
    """Makes a client for the running event loop when it is first asked for, and keeps it."""

    def __init__(self, endpoint: Endpoint, *, timeout: float, concurrency: int) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._concurrency = concurrency
        self._clients: dict[asyncio.AbstractEventLoop, AsyncOpenAI] = {}

    def current(self) -> AsyncOpenAI:
        """Return the running loop's client."""
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients = {old: client for old, client in self._clients.items() if not old.is_closed()}
            self._clients[loop] = self._make()
        return self._clients[loop]

    async def aclose(self) -> None:
        """Close the running loop's client; a later call makes a new one."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _make(self) -> AsyncOpenAI:
        timeout = Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
        # The core limits concurrency; the pool only has to keep that many connections alive.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=self._concurrency)
        http_client = DefaultAsyncHttpxClient(limits=limits, timeout=timeout)
        # The core tries again, under the budget; two layers of retries would multiply.
        if self._endpoint.api_version:
            return AsyncAzureOpenAI(
                azure_endpoint=self._endpoint.base_url,
                api_version=self._endpoint.api_version,
                api_key=self._endpoint.key,
                timeout=timeout,
                max_retries=0,
                http_client=http_client,
            )
        return AsyncOpenAI(
            base_url=self._endpoint.base_url,
            api_key=self._endpoint.key,
            timeout=timeout,
            max_retries=0,
            http_client=http_client,
        )
