"""Serving the console until Ctrl-C: the socket, the web server around it, and what the terminal says."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Callable
from typing import Any

from columns.errors import SekishoError, UsageError

_CONNECTIONS = 64
_IDLE_SECONDS = 20
_HEADER_BYTES = 16 * 1024
PORT = 8790


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a listening socket on an address and port (0: any free one); UsageError when that cannot be had."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"--host {host}: {error.strerror or error}", where="console",
                         expected="an address of this machine, such as 127.0.0.1") from None
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_CONNECTIONS)
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{host}:{port} cannot be listened on ({reason})", where="console",
                         remedy="choose another --port, or 0 for any free one") from None
    return bound


def url_of(bound: socket.socket, *, tls: bool) -> str:
    """Return the address to open in a browser for a listening socket."""
    host, port = bound.getsockname()[:2]
    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(app: Any, bound: socket.socket, *, ready: Callable[[], None], cert: str = "", key: str = "") -> None:
    """Serve an application on a listening socket until it is interrupted; ready is called when it answers.

    cert, key: files for TLS; UsageError when they cannot be used.
    """
    import uvicorn

    config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False, lifespan="off", http="h11",
                            ws="none", loop="asyncio", limit_concurrency=_CONNECTIONS, timeout_graceful_shutdown=3,
                            timeout_keep_alive=_IDLE_SECONDS, h11_max_incomplete_event_size=_HEADER_BYTES,
                            ssl_certfile=cert or None, ssl_keyfile=key or None, proxy_headers=False)
    try:
        config.load()
    except OSError as error:  # what ssl raises for a file that is absent or no certificate
        raise UsageError(f"the certificate cannot be used ({error.strerror or error})", where=cert,
                         expected="--tls-cert and --tls-key in PEM form") from None
    server = _server(config, ready)
    try:
        server.run(sockets=[bound])
    except KeyboardInterrupt:
        pass  # uvicorn has ended in order, and raises again what ended it
    finally:
        bound.close()
    if not server.started:
        raise SekishoError("the web server did not start", where="console")


def _server(config: Any, ready: Callable[[], None]) -> Any:
    """Return a uvicorn server that says when it answers."""
    import uvicorn

    class Server(uvicorn.Server):
        """Calls ready once it listens."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Start, then say so."""
            await super().startup(sockets)
            ready()

    return Server(config)


def open_browser(url: str) -> bool:
    """Open a page in the reader's browser; False where there is none."""
    try:
        return webbrowser.open(url)
    except (OSError, webbrowser.Error):
        return False
