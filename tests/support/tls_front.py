"""TLS in front of a plain port, because the listeners of tests speak none: what a load balancer does for a server."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a self-signed certificate for a DNS name; return the files of certificate and key."""
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
    ], check=True, capture_output=True)
    return certificate, key


def can_make_certificates() -> bool:
    """Whether openssl is there."""
    return shutil.which("openssl") is not None


@contextlib.contextmanager
def tls_front(port: int, certificate: Path, key: Path) -> Iterator[int]:
    """Listen with TLS on a free loopback port and pass everything on to a plain one; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, context, port), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            raw, _ = listener.accept()
            try:
                outer = context.wrap_socket(raw, server_side=True)
            except OSError:
                raw.close()  # the client did not like the certificate, or speaks no TLS
                continue
            inner = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=_relay, args=(outer, inner), daemon=True).start()


def _relay(outer: socket.socket, inner: socket.socket) -> None:
    """Pass on what both say until one has gone.

    Nothing is closed before both directions have ended: TLS goes on reading a number that is closed, and a new
    connection may have it by then.
    """
    with outer, inner:
        pumps = [threading.Thread(target=_pump, args=ends, daemon=True) for ends in ((outer, inner), (inner, outer))]
        for pump in pumps:
            pump.start()
        for pump in pumps:
            pump.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for side in (source, sink):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
