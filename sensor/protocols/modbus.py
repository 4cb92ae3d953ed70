"""Modbus/TCP (MODBUS Application Protocol 1.1b3; Messaging on TCP/IP 1.0b)."""

from __future__ import annotations

from dataclasses import dataclass
from struct import unpack_from
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.modbus import MODBUS
from sensor.protocols.framing import Framer
from sensor.protocols.parser import Context, FlowFacts, Moment, Wants
from sensor.protocols.printing import json_column

_FUNCTIONS = {
    1: ("RdCoils", "READ | COILS"), 2: ("RdDiscreteInputs", "READ | DISCRETES"),
    3: ("RdHoldRegs", "READ | HOLDING"), 4: ("RdInputRegs", "READ | INPUT"),
    5: ("WrSingleCoil", "WRITE | COILS | SINGLE"), 6: ("WrSingleReg", "WRITE | HOLDING | SINGLE"),
    7: ("RdExcStatus", ""), 8: ("Diagnostic", ""), 11: ("GetCommEventCtr", ""), 12: ("GetCommEventLog", ""),
    15: ("WrMultCoils", "WRITE | COILS | MULTIPLE"), 16: ("WrMultRegs", "WRITE | HOLDING | MULTIPLE"),
    17: ("ReportServerID", ""), 20: ("RdFileRec", ""), 21: ("WrFileRec", ""),
    22: ("MaskWrReg", "WRITE | HOLDING | SINGLE"), 23: ("RdWrMultRegs", "READ | WRITE | HOLDING | MULTIPLE"),
    24: ("RdFIFOQueue", ""), 43: ("MEI", "")}
_EXCEPTIONS = {1: "IllegalFunction", 2: "IllegalDataAddress", 3: "IllegalDataValue", 4: "ServerDeviceFail",
               5: "Acknowledge", 6: "ServerDeviceBusy", 8: "MemParityErr", 10: "GatewayPathUnavailable",
               11: "GatewayNoResp"}
_EXCEPTION, _HEAD_BYTES, _LONGEST = 0x80, 8, 260
_QUANTITY, _SINGLE, _MULTIPLE = frozenset({1, 2, 3, 4}), frozenset({5, 6}), frozenset({15, 16})
_MASK, _READ_WRITE, _DIAGNOSTIC, _MEI = 22, 23, 8, 43
_DIAGNOSTICS, _INTERFACES = frozenset((*range(5), *range(10, 19), 20, 21)), frozenset((13, 14))
_USERS = frozenset((*range(65, 73), *range(100, 111)))
_RESERVED = frozenset((9, 10, 13, 14, 18, 19, 41, 42, 90, 91, 125, 126, 127))


@limited("modbus")
@dataclass(frozen=True)
class ModbusSettings:
    """Limits of the Modbus parser; a value outside its range raises ConfigError."""

    pending: int = limit(256, 1, 65_536, "requests", "of a flow wait for their response")


class ModbusParser:
    """Follows one connection; responses are tied to requests by transaction and unit."""

    app_proto: ClassVar[AppProto] = AppProto.MODBUS

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        self._most = (context.settings if isinstance(context.settings, ModbusSettings) else ModbusSettings()).pending
        self._framers = (Framer(_size_of, _HEAD_BYTES, _LONGEST), Framer(_size_of, _HEAD_BYTES, _LONGEST))
        self._pending: dict[tuple[int, int], dict[str, Any]] = {}
        self._number = 0

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the messages of one direction."""
        framer = self._framers[to_server]
        for message, _, _ in framer.feed(data):
            if to_server:
                self._request(message, at)
            else:
                self._response(message, at)
        if framer.broken and not self.done:
            self._context.count("modbus_no_message")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Take what comes next for a message."""
        if not self._framers[to_server].gap(size):
            self._context.count("modbus_gap")

    def end(self, at: Moment) -> None:
        """Tell the requests that wait."""
        for row in self._pending.values():
            self._tell({**row, "seen": "request"}, at)
        self._pending.clear()

    def _request(self, message: bytes, at: Moment) -> None:
        self._number += 1
        code = message[7]
        shown = json_column(_shown(message, True))
        self._show_request(self._number, message, shown, at)
        row = {"id": self._number, "request": shown, **_about(code, message[6])}
        key = (int.from_bytes(message[:2], "big"), message[6])
        before = self._pending.pop(key, None)
        if before is None and len(self._pending) >= self._most:
            self._context.count("modbus_pending_full")
            before = self._pending.pop(next(iter(self._pending)))
        if before is not None:
            self._tell({**before, "seen": "request"}, at)
        self._pending[key] = row

    def _response(self, message: bytes, at: Moment) -> None:
        row = self._pending.pop((int.from_bytes(message[:2], "big"), message[6]), None)
        if row is None:
            self._number += 1
            row = {"id": self._number, **_about(message[7] & 0x7F, message[6]), "seen": "response"}
        else:
            row["seen"] = "both"
        shown = _shown(message, False)
        text = json_column(shown)
        if self._context.show:
            self._context.show(at, row["id"] - 1, False, [("eve.response", text.encode())], True)
        self._tell({**row, "response": text, "exception": shown.get("exception", {}).get("code", "")}, at)

    def _show_request(self, number: int, message: bytes, text: str, at: Moment) -> None:
        """Show a request as it is, for what rules ask of it; an exception is none, whoever sends it."""
        if self._context.show:
            buffers = [("eve.request", text.encode())]
            if not message[7] & _EXCEPTION:
                kind = category(message[7], message[8:])
                buffers += [("modbus.request", message), ("modbus.category", kind.encode())]
            self._context.show(at, number - 1, True, buffers, True)

    def _tell(self, row: dict[str, Any], at: Moment) -> None:
        self._context.emit(MODBUS, at, {"tx_id": row["id"] - 1, **row})


_CATEGORIES = {"user": "USER_DEFINED", "reserved": "RESERVED", "": "NONE"}


def category(code: int, body: bytes) -> str:
    """Return whose a function is: assigned or unassigned (public ones), user or reserved; "" for none.

    body: what stands behind it, for the functions that have functions of their own.
    """
    if code in (_DIAGNOSTIC, _MEI):
        known = (int.from_bytes(body[:2], "big") in _DIAGNOSTICS if code == _DIAGNOSTIC
                 else bool(body) and body[0] in _INTERFACES)
        return "assigned" if known or not body else "reserved"
    if code in _FUNCTIONS:
        return "assigned"
    if code in _RESERVED or code in _USERS:
        return "reserved" if code in _RESERVED else "user"
    return "unassigned" if 0 < code < _EXCEPTION else ""


def _about(code: int, unit: int) -> dict[str, Any]:
    name, access = _FUNCTIONS.get(code, (f"Unknown ({code})", ""))
    reads, writes = "READ" in access, "WRITE" in access
    kind = "read/write" if reads and writes else "read" if reads else "write" if writes else "other"
    return {"function": name, "function_code": code, "unit_id": unit, "access": kind}


def _shown(message: bytes, request: bool) -> dict[str, Any]:
    """Return a message as Suricata shows it."""
    transaction, protocol, _, unit, raw = unpack_from(">HHHBB", message)
    code = raw if request else raw & 0x7F
    name, access = _FUNCTIONS.get(code, ("Unknown", ""))
    shown: dict[str, Any] = {"transaction_id": transaction, "protocol_id": protocol, "unit_id": unit,
                             "function_raw": raw, "function_code": name, "access_type": access or "NONE"}
    body = message[8:]
    kind = category(code, b"" if raw & _EXCEPTION else body)
    shown["category"] = f"PUBLIC_{kind.upper()}" if kind.endswith("assigned") else _CATEGORIES[kind]
    if raw & _EXCEPTION and not request:
        if body:
            shown["exception"] = {"raw": body[0], "code": _EXCEPTIONS.get(body[0], "Unknown")}
    else:
        shown |= _request_data(code, body) if request else _response_data(code, body)
    return shown


def _request_data(code: int, body: bytes) -> dict[str, Any]:
    if len(body) >= 4:
        first, second = unpack_from(">HH", body)
        if code in _QUANTITY:
            return {"read": {"address": first, "quantity": second}}
        if code in _SINGLE:
            return {"write": {"address": first, "data": second}}
        if code in _MULTIPLE:
            return {"write": {"address": first, "quantity": second, "data": body[5:].hex()}}
        if code == _MASK and len(body) >= 6:
            return {"write": {"address": first, "and_mask": second, "or_mask": unpack_from(">H", body, 4)[0]}}
        if code == _READ_WRITE and len(body) >= 9:
            address, quantity = unpack_from(">HH", body, 4)
            return {"read": {"address": first, "quantity": second},
                    "write": {"address": address, "quantity": quantity, "data": body[9:].hex()}}
    return _other(code, body)


def _response_data(code: int, body: bytes) -> dict[str, Any]:
    if code in _QUANTITY or code == _READ_WRITE:
        return {"read": {"data": body[1:].hex()}}
    if len(body) >= 4 and (code in _SINGLE or code in _MULTIPLE):
        first, second = unpack_from(">HH", body)
        return {"write": {"address": first, "data" if code in _SINGLE else "quantity": second}}
    if code == _MASK and len(body) >= 6:
        first, second, third = unpack_from(">HHH", body)
        return {"write": {"address": first, "and_mask": second, "or_mask": third}}
    return _other(code, body)


def _other(code: int, body: bytes) -> dict[str, Any]:
    if code == _DIAGNOSTIC and len(body) >= 2:
        return {"diagnostic": {"raw": unpack_from(">H", body)[0], "data": body[2:].hex()}}
    if code == _MEI and body:
        return {"mei": {"raw": body[0], "data": body[1:].hex()}}
    return {"data": body.hex()} if body else {}


def _size_of(head: bytes) -> int:
    """How long a message is by its header: transaction, protocol 0, length of what follows, unit, function."""
    if len(head) > 3 and head[2:4] != b"\0\0":
        return -1
    if len(head) < _HEAD_BYTES:
        return 0
    size = 6 + int.from_bytes(head[4:6], "big")
    return size if _HEAD_BYTES <= size <= _LONGEST else -1


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow is Modbus: headers that add up, a function that is known; the answer to the same."""
    if flow.proto != 6:
        return False
    heads = [head for head in (initiator, responder) if head]
    if not heads:
        return None
    answers = [_begins(head) for head in heads]
    if False in answers:
        return False
    if None in answers:
        return None
    both = len(heads) == 2 and heads[0][:2] == heads[1][:2] and heads[0][6:7] == heads[1][6:7]
    return True if both or 502 in (flow.src_port, flow.dst_port) else None if len(heads) == 1 else False


def _begins(head: bytes) -> bool | None:
    if any(head[2:4]) or (len(head) > 4 and head[4] > 1):
        return False
    if len(head) < _HEAD_BYTES:
        return None
    return _size_of(head[:_HEAD_BYTES]) > 0 and head[7] & 0x7F in _FUNCTIONS


WANTS: tuple[Wants, ...] = (Wants(AppProto.MODBUS, ModbusParser, probe, (MODBUS,)),)
