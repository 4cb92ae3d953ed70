"""DNP3 over TCP and UDP (IEEE 1815): application messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.dnp3 import DNP3
from sensor.protocols.anomalies import Anomalies
from sensor.protocols.dnp3.link import HEADER_BYTES, LONGEST, Frame, Transport, crc, frame_of, size_of
from sensor.protocols.dnp3.objects import objects_of
from sensor.protocols.framing import Framer
from sensor.protocols.parser import Context, FlowFacts, Moment
from sensor.protocols.printing import json_column

_FUNCTIONS = {
    0: "CONFIRM", 1: "READ", 2: "WRITE", 3: "SELECT", 4: "OPERATE", 5: "DIRECT_OPERATE", 6: "DIRECT_OPERATE_NR",
    7: "IMMED_FREEZE", 8: "IMMED_FREEZE_NR", 9: "FREEZE_CLEAR", 10: "FREEZE_CLEAR_NR", 11: "FREEZE_AT_TIME",
    12: "FREEZE_AT_TIME_NR", 13: "COLD_RESTART", 14: "WARM_RESTART", 15: "INITIALIZE_DATA", 16: "INITIALIZE_APPL",
    17: "START_APPL", 18: "STOP_APPL", 19: "SAVE_CONFIG", 20: "ENABLE_UNSOLICITED", 21: "DISABLE_UNSOLICITED",
    22: "ASSIGN_CLASS", 23: "DELAY_MEASURE", 24: "RECORD_CURRENT_TIME", 25: "OPEN_FILE", 26: "CLOSE_FILE",
    27: "DELETE_FILE", 28: "GET_FILE_INFO", 29: "AUTHENTICATE_FILE", 30: "ABORT_FILE", 31: "ACTIVATE_CONFIG",
    32: "AUTHENTICATE_REQ", 33: "AUTHENTICATE_ERR", 129: "RESPONSE", 130: "UNSOLICITED_RESPONSE",
    131: "AUTHENTICATE_RESP"}
_WITHOUT_DATA = frozenset({0, 1, 7, 8, 9, 10, 13, 14, 20, 21, 22, 23, 24})
_INDICATORS = (
    (0x8000, "device_restart"), (0x4000, "device_trouble"), (0x2000, "local_control"), (0x1000, "need_time"),
    (0x0800, "class_3_events"), (0x0400, "class_2_events"), (0x0200, "class_1_events"), (0x0100, "all_stations"),
    (0x0020, "config_corrupt"), (0x0010, "already_executing"), (0x0008, "event_buffer_overflow"),
    (0x0004, "parameter_error"), (0x0002, "object_unknown"), (0x0001, "no_func_code_support"))
_RESPONSES = 0x80
_STRANGE = 8


@limited("dnp3")
@dataclass(frozen=True)
class Dnp3Settings:
    """Limits of the DNP3 parser; a value outside its range raises ConfigError."""

    fragment_bytes: int = limit(4096, 512, 65_536, "bytes", "of an application message are put together")
    stations: int = limit(64, 1, 65_536, "pairs", "of link addresses are followed in a flow")
    objects: int = limit(32, 1, 4096, "objects", "of a message, and points of each, are kept")


class _Dnp3:
    """What conversations over TCP and UDP share."""

    app_proto: ClassVar[AppProto] = AppProto.DNP3

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        self._settings = context.settings if isinstance(context.settings, Dnp3Settings) else Dnp3Settings()
        self._transports: dict[tuple[bool, int, int], Transport] = {}
        self._asked: dict[tuple[int, int], tuple[int, int]] = {}  # outstation and master: sequence, function
        self._strange = self._number = 0
        self._anomalies = Anomalies(context, self.app_proto)

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""

    def _frame(self, to_server: bool, raw: bytes, at: Moment) -> None:
        frame = frame_of(raw)
        if not frame.sound:
            self._context.count("dnp3_bad_crc")
            head = crc(raw[:8]) == int.from_bytes(raw[8:10], "little")
            self._anomalies.tell("bad_transport_crc" if head else "bad_link_crc", self._number, to_server, at)
            self._strange += 1
            self.done = self._strange >= _STRANGE
            return
        if frame.control & 0x4F not in (0x43, 0x44) or len(frame.data) < 2:
            return  # the link's own business: acknowledgements, tests
        key = (to_server, frame.src, frame.dst)
        transport = self._transports.get(key)
        if transport is None:
            if len(self._transports) >= self._settings.stations:
                del self._transports[next(iter(self._transports))]
            transport = self._transports[key] = Transport(self._settings.fragment_bytes)
        fragment = transport.segment(frame.data)
        if transport.too_long:
            self._anomalies.tell("too_long_reassembly", self._number, to_server, at)
        if fragment is not None and len(fragment) >= 2:
            self._application(to_server, frame, fragment, at)

    def _application(self, to_server: bool, frame: Frame, message: bytes, at: Moment) -> None:
        control, function = message[0], message[1]
        response = bool(function & _RESPONSES)
        place = 4 if response else 2
        if len(message) < place:
            self._context.count("dnp3_malformed")
            return
        objects, complete = objects_of(message[place:], function not in _WITHOUT_DATA, self._settings.objects)
        if not complete:
            self._context.count("dnp3_objects_not_read")
        application: dict[str, Any] = {
            "control": {"fir": bool(control & 0x80), "fin": bool(control & 0x40), "con": bool(control & 0x20),
                        "uns": bool(control & 0x10), "sequence": control & 0x0F},
            "function_code": function, "objects": objects, "complete": complete}
        row = {"type": "response" if response else "request", "control": json_column(_link(frame.control)),
               "src": frame.src, "dst": frame.dst, "application": json_column(application),
               "function": _FUNCTIONS.get(function, str(function)), "message_bytes": len(message),
               "to_server": to_server}
        if self._context.show:
            self._context.show(at, self._number, to_server, _buffers(message, function, response, objects), True)
        self._number += 1
        if response:
            row |= self._indications(frame, control & 0x0F, function, message)
        elif function:
            if len(self._asked) >= self._settings.stations:
                del self._asked[next(iter(self._asked))]
            self._asked[frame.dst, frame.src] = control & 0x0F, function
        self._context.emit(DNP3, at, row)

    def _indications(self, frame: Frame, sequence: int, function: int, message: bytes) -> dict[str, Any]:
        bits = message[2] << 8 | message[3]
        row: dict[str, Any] = {
            "iin": bits, "indicators": json_column([name for bit, name in _INDICATORS if bits & bit])}
        if function == 129:
            asked = self._asked.pop((frame.src, frame.dst), None)
            if asked is not None and asked[0] == sequence:
                row["answers"] = _FUNCTIONS.get(asked[1], str(asked[1]))
        return row


class Dnp3Parser(_Dnp3):
    """DNP3 over TCP."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._framers = (Framer(size_of, 3, LONGEST), Framer(size_of, 3, LONGEST))

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the frames of one direction."""
        for raw, _, _ in self._framers[to_server].feed(data):
            self._frame(to_server, raw, at)
            if self.done:
                return
        if self._framers[to_server].broken:
            self._context.count("dnp3_no_frame")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Take what comes next for a frame."""
        if not self._framers[to_server].gap(size):
            self._context.count("dnp3_gap")


class Dnp3Datagrams(_Dnp3):
    """DNP3 over UDP: whole frames in a datagram."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the frames of a datagram."""
        framer = Framer(size_of, 3, LONGEST)
        for raw, _, _ in framer.feed(data):
            self._frame(to_server, raw, at)
        if framer.broken:
            self._context.count("dnp3_no_frame")
            self._strange += 1
            self.done = self.done or self._strange >= _STRANGE


def _buffers(message: bytes, function: int, response: bool, objects: list[dict[str, Any]]) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a message; dnp3.data is it as it was put together."""
    shown = [("dnp3.data", message), ("dnp3_func", b"%d" % function)]
    shown += [("dnp3_obj", b"%d,%d" % (one["group"], one["variation"])) for one in objects]
    if response:
        bits = message[2] << 8 | message[3]
        shown += [("dnp3_ind", name.encode()) for bit, name in _INDICATORS if bits & bit]
    return shown


def _link(control: int) -> dict[str, Any]:
    return {"dir": bool(control & 0x80), "pri": bool(control & 0x40), "fcb": bool(control & 0x20),
            "fcv": bool(control & 0x10), "function_code": control & 0x0F}


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of TCP is DNP3: a frame whose check sum holds."""
    return _probed(initiator, responder) if flow.proto == 6 else False


def probe_datagrams(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell the same of a flow of UDP."""
    return _probed(initiator, responder) if flow.proto == 17 else False


def _probed(initiator: bytes, responder: bytes) -> bool | None:
    answers = [_begins(head) for head in (initiator, responder) if head]
    return None if not answers else False if False in answers else True if True in answers else None


def _begins(head: bytes) -> bool | None:
    if size_of(head[:3]) < 0:
        return False
    return crc(head[:8]) == int.from_bytes(head[8:10], "little") if len(head) >= HEADER_BYTES else None
