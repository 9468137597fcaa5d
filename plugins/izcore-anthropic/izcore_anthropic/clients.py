"""Makes the SDK's client."""

from ssl import SSLContext

import httpx2
from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient, Timeout

from izcore.plugin import Endpoint

CONNECT_SECONDS = 30.0


def make_client(endpoint: Endpoint, *, seconds: float, tls: SSLContext) -> AsyncAnthropic:
    """Return a client that gives a call so many seconds, and keeps as many connections alive as are used.

    ``tls`` is shared, since every client would read all certificates anew.
    """
    timeout = Timeout(seconds, connect=min(CONNECT_SECONDS, seconds))
    # The core limits concurrency; the pool only has to keep that many connections alive.
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    return AsyncAnthropic(
        base_url=endpoint.base_url,
        api_key=endpoint.sent_key,
        timeout=timeout,
        # The core tries again, under the budget; two layers of retries would multiply.
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(limits=limits, timeout=timeout, verify=tls),
    )
