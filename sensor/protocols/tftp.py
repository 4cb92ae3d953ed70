"""TFTP requests (RFC 1350, 2347). The data goes to a port of its own and is another flow."""

from __future__ import annotations

from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.tftp import TFTP
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_READ, _WRITE, _ERROR = 1, 2, 5
_MODES = frozenset({b"octet", b"netascii", b"mail"})
_REQUEST_BYTES = 512  # RFC 2347: most bytes of a request
_OPTIONS = 16
_PORT = 69


class TftpDatagrams:
    """One packet per datagram; those that carry data are passed over."""

    app_proto: ClassVar[AppProto] = AppProto.TFTP

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next packet."""
        operation = data[1] if len(data) >= 4 and data[0] == 0 else 0
        if operation in (_READ, _WRITE):
            row = request_of(data)
            if row is None:
                self._context.count("tftp_malformed")
            else:
                self._context.emit(TFTP, at, row)
        elif operation == _ERROR:
            self._context.emit(TFTP, at, {"packet": "error", "error_code": data[2] << 8 | data[3],
                                          "error": printed(data[4:_REQUEST_BYTES].split(b"\0")[0])})
        elif not 3 <= operation <= 6:
            self._context.count("tftp_malformed")

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def request_of(data: bytes) -> dict[str, Any] | None:
    """Return the columns of a request, or None where its mode is none."""
    parts = data[2:_REQUEST_BYTES].split(b"\0")
    if len(parts) < 3 or parts[1].lower() not in _MODES:
        return None
    options = [printed(p) for p in parts[2 : 2 + 2 * _OPTIONS]]
    pairs = dict(zip(options[::2], options[1::2], strict=False))
    return {"packet": "read" if data[1] == _READ else "write", "file": printed(parts[0]), "mode": printed(parts[1]),
            "options": json_column({k: v for k, v in pairs.items() if k})}


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is TFTP: a request whole with its mode, or the beginning of one at the port."""
    if flow.proto != 17:
        return False
    if not initiator:
        return None
    if initiator[:2] not in (b"\0\1", b"\0\2"):
        return False
    parts = initiator[2:].split(b"\0")
    named = bool(parts[0]) and all(b >= 0x20 for b in parts[0])
    if len(parts) >= 3:
        return named and parts[1].lower() in _MODES
    return named and flow.dst_port == _PORT and len(initiator) == 64


WANTS: tuple[Wants, ...] = (Wants(AppProto.TFTP, TftpDatagrams, probe, (TFTP,), Opening(b"\0", alone=b"")),)
