"""DCE/RPC over TCP and UDP (C706): recognised; calls over TCP are shown to those who inspect.

What goes through pipes of SMB is told there.
"""

from __future__ import annotations

from typing import Any

from columns.app import AppProto
from sensor.protocols.dce import HEADER_BYTES, Calls, call_buffers, looks_like
from sensor.protocols.parser import Context, FlowFacts, Moment, Wants

_BEGINNINGS = frozenset({0, 2, 3, 11, 12, 13, 14, 15, 16})


class DcerpcParser:
    """Follows the calls of one association, to show them to those who inspect; nothing else is told."""

    app_proto = AppProto.DCERPC

    def __init__(self, context: Context) -> None:
        self._context, self.done = context, context.show is None
        self._calls, self._number, self._at = Calls(self._asked, answer_at=0), 0, Moment(0, 0)

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self._at = at
        for call in self._calls.feed(to_server, data, {}):
            self._answered(call, at)
        self.done = self.done or self._calls.lost

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Some bytes are missing."""
        self._calls.gap(to_server, size)

    def end(self, at: Moment) -> None:
        """Show the ends of the calls that were not answered."""
        for call in self._calls.end():
            self._answered(call, at)

    def _asked(self, call: dict[str, Any]) -> None:
        call["_tx"] = self._number
        self._number += 1
        if self._context.show:
            self._context.show(self._at, call["_tx"], True, call_buffers(call, True), True)

    def _answered(self, call: dict[str, Any], at: Moment) -> None:
        if self._context.show and "_tx" in call:
            self._context.show(at, call["_tx"], False, call_buffers(call, False), True)


class DcerpcDatagrams:
    """The same for datagrams."""

    app_proto = AppProto.DCERPC

    def __init__(self, context: Context) -> None:
        self.done = True

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Nothing is looked at."""

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of TCP is DCE/RPC: a packet of version 5."""
    heads = [head for head in (initiator, responder) if head]
    if flow.proto != 6 or any(not b"\x05".startswith(head[:1]) for head in heads):
        return False
    for head in heads:
        if len(head) >= HEADER_BYTES:
            return looks_like(head) and head[2] in _BEGINNINGS and head[6:8] == b"\0\0"
    return None


def probe_datagrams(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of UDP is DCE/RPC: a packet of version 4, whose header is 80 bytes long."""
    head = initiator or responder
    if flow.proto != 17 or (head and head[0] != 4):
        return False
    if len(head) < 64:
        return None if not head else False
    return head[1] <= 10 and head[4] in (0x00, 0x10) and head[5] <= 3 and head[6] == 0 and head[3] & 0xFC == 0


WANTS: tuple[Wants, ...] = (Wants(AppProto.DCERPC, DcerpcParser, probe, ()),
                            Wants(AppProto.DCERPC, DcerpcDatagrams, probe_datagrams, ()))
