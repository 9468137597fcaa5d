"""Who may read the live pages: requests to this very server that know its token, and only to read.

A page of somebody else's cannot read them although it runs in the same browser: it does not know the token,
its origin is another one, and where it makes a name of its own stand for this machine (DNS rebinding), that
name is none that this server has.
"""

import hmac
import ipaddress
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from izcore_web.pages import policy

HEADERS = {
    "Content-Security-Policy": f"{policy(live=True)}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Access:
    """Lets requests through to ``app`` that may read, and gives every answer the headers that protect it.

    The token comes once in the URL and is kept as a cookie of the server's port; the answer to the URL with
    the token is the same URL without it, so that it stands in no history.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int, names: Iterable[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._port = port
        self._names = {name.lower() for name in names}
        self._cookie = f"izcore-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, protected)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that does not reach the pages; None for one that does."""
        headers = Headers(scope=scope)
        if scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("Nothing can be changed here.", 405, {"Allow": "GET, HEAD"})
        host = headers.get("host", "")
        if not self._is_own(host):
            return PlainTextResponse("This is not the address of this server.", 421)
        origin = headers.get("origin")
        if origin is not None and origin != f"http://{host}":
            return PlainTextResponse("Another page may not read this one.", 403)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = [value for key, value in query if key == "token"]
        if given:
            if not self._is_token(given[0]):
                return _no_token()
            rest = urlencode([(key, value) for key, value in query if key != "token"])
            answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(self._cookie, given[0], httponly=True, samesite="strict")
            return answer
        return None if self._is_token(_cookies(headers).get(self._cookie, "")) else _no_token()

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._token)

    def _is_own(self, host: str) -> bool:
        """Whether a host is this server's: an address in numbers, or a name of its own; no foreign name."""
        name, _, port = host.rpartition(":")
        if port != str(self._port):
            return False
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name.lower() in self._names
        return True


def _no_token() -> Response:
    return PlainTextResponse("The address needs the token that iz serve printed.", 403)


def _cookies(headers: Headers) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}
