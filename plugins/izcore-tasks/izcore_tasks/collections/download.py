"""Downloads one file of known size."""

import http.client
import socket
import urllib.error
import urllib.request

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from izcore.plugin import BackendError

_TRIES = 4
_TIMEOUT_SECONDS = 30.0
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


class _PassingError(BackendError):
    """A download failed in a way that may pass."""


def download(url: str, size: int) -> bytes:
    """Return what is at ``url``, at most ``size`` + 1 bytes of it.

    Tries again, with growing waits, what may pass: an overloaded server, a broken connection, a body that
    ends early. Raises BackendError that names the address.
    """
    tries = Retrying(
        retry=retry_if_exception_type(_PassingError),
        stop=stop_after_attempt(_TRIES),
        wait=wait_exponential(multiplier=0.5, max=8),
        reraise=True,
    )
    return tries(_download_once, url, size)


def _download_once(url: str, size: int) -> bytes:
    request = urllib.request.Request(url, headers={"User-Agent": "izcore-tasks"})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
            # One byte more than expected tells a longer file apart without reading all of it.
            content: bytes = response.read(size + 1)
            announced = response.headers.get("Content-Length", "")
    except urllib.error.HTTPError as error:
        kind = _PassingError if error.code in _PASSING_STATUS else BackendError
        raise kind(f"{url} cannot be downloaded: HTTP {error.code} {error.reason}.") from None
    except urllib.error.URLError as error:
        # Without a name server or a listening server another try in a second would be the same.
        lasting = isinstance(error.reason, socket.gaierror | ConnectionRefusedError)
        kind = BackendError if lasting else _PassingError
        raise kind(f"{url} cannot be reached: {error.reason}.") from None
    except (OSError, http.client.HTTPException) as error:
        raise _PassingError(f"The download of {url} broke off: {error!r}.") from None
    if announced.isdigit() and len(content) < min(int(announced), size + 1):
        raise _PassingError(f"The download of {url} ended after {len(content)} of {announced} bytes.")
    return content
