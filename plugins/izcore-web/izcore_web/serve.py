"""``iz serve``: live pages of the database, on this machine alone unless told otherwise."""

import contextlib
import ipaddress
import secrets
import socket
from typing import Annotated

import typer

import izcore
from izcore.commands import DbOption, err, say
from izcore.plugin import UsageError

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8642


def serve(
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Port; 0 for any that is free.", min=0, max=65535)
    ] = USUAL_PORT,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="ADDRESS", help="Address to listen on; others than this machine's warn."
        ),
    ] = LOOPBACK,
    db: DbOption = None,
) -> None:
    """Show runs and comparisons in the browser as they go on, until Ctrl-C. Nothing can be changed there.

    Open the address that is printed: it holds a token without which nothing is shown.
    """
    path = izcore.database_path(db)
    izcore.Reader(path).__enter__().__exit__()
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    from uvicorn import Config, Server

    from izcore_web.access import Access
    from izcore_web.live import application

    token = secrets.token_urlsafe(24)
    names = ("localhost", host, socket.gethostname())
    app = Access(application(path), token=token, port=port, names=names)
    if not _is_loopback(host):
        err().print(
            f"iz: whoever reaches {host}:{port} and has the address with its token can read runs, examples "
            "and answers; what is sent is not encrypted.",
            style="yellow",
            soft_wrap=True,
        )
    shown = f"[{host}]" if ":" in host else host
    say(f"http://{shown}:{port}/?token={token}")
    server = Server(
        Config(
            app,
            lifespan="off",
            ws="none",
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    # Ctrl-C is how it ends.
    with contextlib.suppress(KeyboardInterrupt), listener:
        server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises UsageError where that cannot be."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OverflowError:
        raise UsageError(f"--port {port}: there is no such port.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(
            f"{host}:{port}: cannot listen there: {reason}.",
            hint="Choose another --port; 0 takes any that is free.",
        ) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
