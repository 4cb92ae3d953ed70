"""DCE/RPC over TCP and UDP (C706, chapter 12). What goes through pipes of SMB is told there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from struct import unpack_from
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.dcerpc import DCERPC
from sensor.protocols.dce import HEADER_BYTES, TYPES, UNREPLIED, Call, Calls, looks_like
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column

_BEGINNINGS = frozenset({0, 2, 3, 11, 12, 13, 14, 15, 16})
_UDP_HEADER_BYTES = 80
_REQUEST, _RESPONSE, _FAULT, _REJECT = 0, 2, 3, 6
_ANSWERS = frozenset({_RESPONSE, _FAULT, _REJECT})
_NO_FACTS: dict[str, Any] = {}


@limited("dcerpc")
@dataclass(frozen=True)
class DcerpcSettings:
    """Settings of DCE/RPC; a value outside its range raises UsageError."""

    pending: int = limit(256, 1, 65_536, "", "calls over UDP of a flow that wait for an answer")


class DcerpcStream:
    """Follows both directions of an association over TCP."""

    app_proto: ClassVar[AppProto] = AppProto.DCERPC

    def __init__(self, context: Context) -> None:
        self._context, self.done, self._told = context, False, 0
        self._calls = Calls(self._asked, stubs=context.show is not None, answer_at=0)
        self._at = Moment(0, 0)

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next bytes of one direction."""
        self._at, calls = at, self._calls
        calls.feed(to_server, data, _NO_FACTS, self._tell)
        if calls.lost:
            self._context.count("dcerpc_malformed")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Go on behind the packet that is cut, or where one begins behind the gap."""
        self._context.count("dcerpc_gap")
        self._calls.gap(to_server, size)

    def end(self, at: Moment) -> None:
        """Tell the calls that were not answered."""
        self._at = at
        for call in self._calls.end():
            self._tell(call)

    def _asked(self, call: Call) -> None:
        call.number = self._number()
        if self._context.show is not None:
            self._context.show(self._at, call.number, True, call.buffers(True), True)

    def _number(self) -> int:
        self._told += 1
        return self._told - 1

    def _tell(self, call: Call) -> None:
        number, at = call.number, self._at
        if number is None:
            number = self._number()
        elif self._context.show is not None:
            self._context.show(at, number, False, call.buffers(False), True)
        self._context.emit(DCERPC, at, {
            "tx_id": number, "call": call.text("5.0"), "request": call.request, "response": call.response,
            "interface": call.interface, "opnum": call.opnum, "request_bytes": call.request_bytes,
            "response_bytes": call.response_bytes})


class DcerpcDatagrams:
    """Calls over UDP; request and answer are found by activity and sequence number, whoever sent them."""

    app_proto: ClassVar[AppProto] = AppProto.DCERPC

    def __init__(self, context: Context) -> None:
        settings = context.settings if isinstance(context.settings, DcerpcSettings) else DcerpcSettings()
        self._context, self._most, self.done = context, settings.pending, False
        self._pending: dict[tuple[str, int], dict[str, Any]] = {}

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next packet."""
        if len(data) < _UDP_HEADER_BYTES or data[0] != 4:
            self._context.count("dcerpc_malformed")
            return
        order = "<" if data[4] else ">"
        sequence, opnum = unpack_from(f"{order}IH", data, 64)
        size, fragment = unpack_from(f"{order}HH", data, 74)
        # the activity is a number without meaning: its bytes are shown in the order in which Suricata shows them
        key = str(uuid.UUID(bytes_le=data[40:56])), sequence
        stub = {"frag_cnt": 1, "stub_data_size": size}
        if data[1] == _REQUEST and fragment == 0:
            self._request(key, opnum, stub, at)
        elif call := self._pending.get(key):
            self._more(key, call, data[1], stub, last=not data[2] & 4 or bool(data[2] & 2), at=at)

    def end(self, at: Moment) -> None:
        """Tell the calls that were not answered."""
        for call in self._pending.values():
            self._tell({**call, "response": UNREPLIED}, at)
        self._pending.clear()

    def _request(self, key: tuple[str, int], opnum: int, stub: dict[str, int], at: Moment) -> None:
        before = self._pending.pop(key, None)
        if before is None and len(self._pending) >= self._most:
            self._context.count("dcerpc_pending_full")
            before = self._pending.pop(next(iter(self._pending)))
        if before is not None:
            self._tell({**before, "response": UNREPLIED}, at)
        self._pending[key] = {"request": "REQUEST", "req": {"opnum": opnum, **stub}, "rpc_version": "4.0",
                              "activityuuid": key[0], "seqnum": key[1]}

    def _more(self, key: tuple[str, int], call: dict[str, Any], kind: int, stub: dict[str, int], *, last: bool,
              at: Moment) -> None:
        """Take another fragment of a request, or (a fragment of) an answer; flags say which fragment is the last."""
        if kind == _REQUEST:
            _add(call["req"], stub)
        elif kind in _ANSWERS:
            call["response"] = TYPES[kind]
            if kind == _RESPONSE:
                _add(call.setdefault("res", {"frag_cnt": 0, "stub_data_size": 0}), stub)
            if last or kind != _RESPONSE:
                del self._pending[key]
                self._tell(call, at)

    def _tell(self, call: dict[str, Any], at: Moment) -> None:
        self._context.emit(DCERPC, at, columns_of(call))


def columns_of(call: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a call."""
    request, response = call.get("req", {}), call.get("res", {})
    return {"call": json_column(call), "request": call["request"], "response": call.get("response", ""),
            "interface": (call.get("interfaces") or [{}])[0].get("uuid", ""), "opnum": request.get("opnum", 0),
            "request_bytes": request.get("stub_data_size", 0), "response_bytes": response.get("stub_data_size", 0)}


def _add(sizes: dict[str, int], stub: dict[str, int]) -> None:
    sizes["frag_cnt"] += 1
    sizes["stub_data_size"] += stub["stub_data_size"]


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


WANTS: tuple[Wants, ...] = (Wants(AppProto.DCERPC, DcerpcStream, probe, (DCERPC,), Opening(b"\5", b"\5")),
                            Wants(AppProto.DCERPC, DcerpcDatagrams, probe_datagrams, (DCERPC,),
                                  Opening(b"\4", alone=b"\4")))
