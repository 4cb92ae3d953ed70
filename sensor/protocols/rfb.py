"""RFB, the protocol of VNC (RFC 6143): everything until the screen is shared; what is shown is not looked at."""

from __future__ import annotations

from collections.abc import Callable
from struct import unpack_from
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.rfb import RFB
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_VERSION_BYTES, _HELD, _NAME_BYTES, _REASON_BYTES = 12, 8192, 1024, 1024
_NONE, _VNC = 1, 2
_RESULTS = {0: "OK", 1: "FAIL", 2: "TOOMANY"}
_WAIT = -1


class RfbStream:
    """Follows the opening of a connection; each side waits for what the other says first."""

    app_proto: ClassVar[AppProto] = AppProto.RFB

    def __init__(self, context: Context) -> None:
        self._context, self.done, self._told = context, False, False
        self._held = {True: bytearray(), False: bytearray()}
        self._row: dict[str, Any] = {}
        self._authentication: dict[str, Any] = {}
        self._minor, self._at = 0, Moment(0, 0)
        self._steps: list[tuple[bool, Callable[[bytes], int]]] = [
            (False, self._server_version), (True, self._client_version)]

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self._held[to_server] += data
        self._at = at
        while self._steps and not self.done:
            side, step = self._steps[0]
            used = step(bytes(self._held[side]))
            if used == _WAIT:
                break
            del self._held[side][:used]
            self._steps.pop(0)
        if not self._steps or self.done:
            self._tell(at)
            self.done = True
        elif max(map(len, self._held.values())) > _HELD:
            self._context.count("rfb_too_long")
            self._tell(at)
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Nothing can be told from there on."""
        self._context.count("rfb_gap")
        self._tell(at)
        self.done = True

    def end(self, at: Moment) -> None:
        """Tell what was seen."""
        self._tell(at)

    def _server_version(self, held: bytes) -> int:
        return self._version("server_version", held)

    def _client_version(self, held: bytes) -> int:
        used = self._version("client_version", held)
        if used > 0:
            self._minor = int(held[8:11])
            self._steps += [(False, self._offered), (True, self._chosen)] if self._minor >= 7 else [
                (False, self._decided)]
        return used

    def _version(self, name: str, held: bytes) -> int:
        if len(held) < _VERSION_BYTES:
            return _WAIT
        if not (held.startswith(b"RFB ") and held[4:7].isdigit() and held[8:11].isdigit()):
            return self._malformed()
        self._row[name] = json_column({"major": held[4:7].decode(), "minor": held[8:11].decode()})
        return _VERSION_BYTES

    def _offered(self, held: bytes) -> int:
        """The security types that a server of 3.7 or later offers; none of them is a refusal with a reason."""
        if not held or len(held) < 1 + held[0]:
            return _WAIT
        if held[0] == 0:
            self._steps = [self._steps[0], (False, self._reason)]
        return 1 + held[0]

    def _chosen(self, held: bytes) -> int:
        return self._secured(held[0], 1) if held else _WAIT

    def _decided(self, held: bytes) -> int:
        """The security type that a server of 3.3 decides on; 0 is a refusal with a reason."""
        if len(held) < 4:
            return _WAIT
        kind = int.from_bytes(held[:4], "big")
        if kind == 0:
            self._steps.append((False, self._reason))
            return 4
        return self._secured(kind, 4)

    def _secured(self, kind: int, used: int) -> int:
        self._authentication["security_type"] = self._row["security_type"] = kind
        self._show(True, "rfb.sectype", kind)
        if kind == _VNC:
            self._steps += [(False, self._challenge), (True, self._answer), (False, self._result)]
        elif kind == _NONE:
            self._steps += [(False, self._result)] if self._minor >= 8 else []
        else:  # another one's exchange, which is not known here
            self.done = True
            return used
        self._steps += [(True, self._client_init), (False, self._server_init)]
        return used

    def _challenge(self, held: bytes) -> int:
        if len(held) < 16:
            return _WAIT
        self._authentication["vnc"] = {"challenge": held[:16].hex()}
        return 16

    def _answer(self, held: bytes) -> int:
        if len(held) < 16:
            return _WAIT
        self._authentication["vnc"]["response"] = held[:16].hex()
        return 16

    def _result(self, held: bytes) -> int:
        if len(held) < 4:
            return _WAIT
        code = int.from_bytes(held[:4], "big")
        self._show(False, "rfb.secresult", code)
        self._row["result"] = self._authentication["security_result"] = _RESULTS.get(code, f"UNKNOWN ({code})")
        if code:
            self._steps = [self._steps[0], *([(False, self._reason)] if self._minor >= 8 else [])]
        return 4

    def _reason(self, held: bytes) -> int:
        if len(held) < 4:
            return _WAIT
        size = min(int.from_bytes(held[:4], "big"), _REASON_BYTES)
        if len(held) < 4 + size:
            return _WAIT
        self._authentication["reason"] = printed(held[4 : 4 + size])
        return 4 + size

    def _client_init(self, held: bytes) -> int:
        if not held:
            return _WAIT
        self._row["shared"] = "true" if held[0] else "false"
        return 1

    def _server_init(self, held: bytes) -> int:
        if len(held) < 24:
            return _WAIT
        size = min(int.from_bytes(held[20:24], "big"), _NAME_BYTES)
        if len(held) < 24 + size:
            return _WAIT
        width, height, bits, depth, big, true_color, red, green, blue, *shifts = unpack_from(">HH4B3H3B", held, 0)
        name = held[24 : 24 + size]
        self._row["framebuffer"] = json_column({
            "width": width, "height": height, "name": printed(name), "pixel_format": {
                "bits_per_pixel": bits, "depth": depth, "big_endian": bool(big), "true_color": bool(true_color),
                "red_max": red, "green_max": green, "blue_max": blue,
                **dict(zip(("red_shift", "green_shift", "blue_shift"), shifts, strict=True))}})
        self._row["screen"] = printed(name)
        return 24 + size

    def _malformed(self) -> int:
        self._context.count("rfb_malformed")
        self.done = True
        return 0

    def _show(self, to_server: bool, name: str, number: int) -> None:
        if self._context.show is not None:
            self._context.show(self._at, 0, to_server, [(name, b"%d" % number)])

    def _tell(self, at: Moment) -> None:
        if self._told or not self._row:
            return
        self._told = True
        if self._context.show is not None:
            self._context.show(at, 0, False, [("rfb.name", self._row["screen"].encode())] if "screen" in self._row
                               else [], True)
        self._context.emit(RFB, at, {"tx_id": 0, **self._row, "authentication": json_column(self._authentication)})


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is RFB: the server says its version first, and the client one of its own."""
    if flow.proto != 6:
        return False
    for head in (responder, initiator):
        if head and not (b"RFB 00".startswith(head[:6]) if len(head) < 6 else head.startswith(b"RFB 00")):
            return False
    if len(responder) < _VERSION_BYTES:
        return None
    return responder[7:8] == b"." and responder[11:12] == b"\n"


WANTS: tuple[Wants, ...] = (Wants(AppProto.RFB, RfbStream, probe, (RFB,), Opening(b"R", b"R")),)
