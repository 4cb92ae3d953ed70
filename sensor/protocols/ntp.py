"""NTP versions 1 to 4 (RFC 5905), its control (RFC 9327) and private modes."""

from __future__ import annotations

import ipaddress
import struct
from typing import Any, ClassVar

from columns.app import AppProto
from columns.protocols.ntp import NTP
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants

_HEAD = struct.Struct(">BBbbII4sQQQQ")
_MODES = ("reserved", "symmetric_active", "symmetric_passive", "client", "server", "broadcast", "control", "private")
_LEAPS = ("", "last_minute_61s", "last_minute_59s", "unsynchronized")
_CONTROL, _PRIVATE, _PORT = 6, 7, 123
_EPOCH_S = 2_208_988_800  # 1970 in seconds since 1900
_ERA_S = 1 << 32


class NtpDatagrams:
    """One message per datagram."""

    app_proto: ClassVar[AppProto] = AppProto.NTP

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, False

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        row = message_of(data)
        if row is None:
            self._context.count("ntp_malformed")
        else:
            self._context.emit(NTP, at, {"to_server": int(to_server), "message_bytes": len(data), **row})

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def message_of(data: bytes) -> dict[str, Any] | None:
    """Return the columns of a message, or None where it is none."""
    if len(data) < 4:
        return None
    version, mode = data[0] >> 3 & 7, data[0] & 7
    if version == 0 or mode == 0:
        return None
    row: dict[str, Any] = {"version": version, "mode": _MODES[mode]}
    if mode == _PRIVATE:  # sequence, implementation, request
        return row | {"operation": data[3]}
    if mode == _CONTROL:
        return row | {"operation": data[1] & 31} if len(data) >= 12 else None
    if len(data) < _HEAD.size:
        return None
    _, stratum, poll, precision, delay, dispersion, reference, *times = _HEAD.unpack_from(data)
    names = ("reference_time_ns", "origin_time_ns", "receive_time_ns", "transmit_time_ns")
    return row | {
        "leap": _LEAPS[data[0] >> 6], "stratum": stratum, "poll": poll & 0xFF, "precision": precision,
        "root_delay_us": delay * 1_000_000 >> 16, "root_dispersion_us": dispersion * 1_000_000 >> 16,
        "reference_id": reference_name(stratum, reference), **dict(zip(names, map(time_ns, times), strict=True)),
    }


def reference_name(stratum: int, reference: bytes) -> str:
    """Return what a clock follows: a code at strata 0 and 1, else an IPv4 address (or the digest of another)."""
    if stratum > 1:
        return str(ipaddress.IPv4Address(reference))
    name = reference.rstrip(b"\0")
    return name.decode() if all(0x20 <= b < 0x7F for b in name) else reference.hex()


def time_ns(stamp: int) -> int:
    """Return a 64-bit NTP time as ns since 1970, 0 for none; times before 1968 are of the era that began in 2036."""
    if stamp == 0:
        return 0
    seconds, fraction = stamp >> 32, stamp & 0xFFFFFFFF
    seconds += 0 if seconds & 0x80000000 else _ERA_S
    return (seconds - _EPOCH_S) * 1_000_000_000 + (fraction * 1_000_000_000 >> 32)


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is NTP: port 123 and a header; there is nothing else to know it by."""
    if flow.proto != 17 or _PORT not in (flow.src_port, flow.dst_port):
        return False
    first = initiator or responder
    if not first:
        return None
    version, mode = first[0] >> 3 & 7, first[0] & 7
    if not 1 <= version <= 4 or mode == 0:
        return False
    return len(first) >= (8 if mode == _PRIVATE else 12 if mode == _CONTROL else 48)


_OPENS = bytes(first for first in range(0x100) if 1 <= first >> 3 & 7 <= 4 and first & 7)

WANTS: tuple[Wants, ...] = (Wants(AppProto.NTP, NtpDatagrams, probe, (NTP,), Opening(_OPENS, alone=_OPENS)),)
