"""Rows as EVE JSON events: Suricata's names and types where it has them, ours under ``sekisho``.

Which column goes where stands in Column.eve; what Suricata writes in a form of its own is spelled out here.
Source: https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from columns.address import mac_text, proto_text
from columns.app import AppProto
from columns.codes import EndReason, Outcome, TcpState, labels_of
from columns.community_id import PORT_PROTOS, community_ids
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_values import (
    Fields,
    addresses,
    blank,
    json_text,
    json_values,
    key_text,
    lines,
    macs,
    picked,
    texts,
    times,
)
from columns.flow import FLOW
from columns.schema import Column, Table, rows_in, text_values

Vocabularies = Mapping[str, Sequence[str]]
Form = Callable[[Fields, str, Any], None]
"""Adds a column of a batch to an object under a name, in Suricata's own form."""

_TCP, _ICMP = 6, (1, 58)
_SECOND = 1_000_000_000
_NESTED = "app_layer."  # stages of this name hold objects within objects, as Suricata has them
_MAPPED = np.uint64(0xFFFF)
_PROTO_NAMES = [proto_text(p) for p in range(256)]
TCP_FLAGS = (("syn", 0x02), ("fin", 0x01), ("rst", 0x04), ("psh", 0x08), ("ack", 0x10), ("urg", 0x20), ("ecn", 0x40),
          ("cwr", 0x80))

# Suricata's nearest words; the exact ones stand beside them under sekisho
_TCP_STATES = {TcpState.NONE: "none", TcpState.SYN_SENT: "syn_sent", TcpState.SYN_RECEIVED: "syn_recv",
               TcpState.CLOSING: "fin_wait1", TcpState.CLOSED: "closed", TcpState.RESET: "closed"}
_REASONS = {EndReason.EVICTED: "forced", EndReason.CLOCK_RESET: "forced", EndReason.END_OF_INPUT: "shutdown"}


def flow_lines(flows: Any, vocabularies: Vocabularies, *, alerted: np.ndarray | None = None,
               sensor: str = "", options: EveSettings = DEFAULTS) -> str:
    """Return one ``flow`` event per row, each a line.

    alerted: bool[rows], whether an alert names the flow; None for no. sensor: ``host``, left out where empty.
    timestamp is the event clock at which the row was written.
    """
    rows = rows_in(flows)
    if rows == 0:
        return ""
    event = Event("flow", flows.clock_ns, sensor, options)
    event.derive(FLOW, flows, vocabularies, FLOW_FORMS, without="" if options.ethernet else "ether")
    own, flow, ours = event.own, event.object("flow"), event.object("sekisho")
    community(own, flows, options)
    own.add(_tcp_objects(flows))
    ip_version(own, flows)
    flow.number("age", age_s(flows))
    flow.word("state", _flow_state(flows), ("new", "established", "closed"))
    flow.switch("alerted", np.zeros(rows, bool) if alerted is None else alerted)
    ours.word("end_reason", flows.end_reason, _labels(EndReason))
    ours.word("tcp_state", flows.tcp_state, _labels(TcpState))
    return event.lines()


def age_s(flows: Any) -> np.ndarray:
    """Return how long flows lasted, from whole second to whole second, as Suricata counts."""
    return np.maximum(flows.ts_end_ns // _SECOND - flows.ts_start_ns // _SECOND, 0)


def community(own: Fields, batch: Any, options: EveSettings) -> None:
    """Add the community_id, where it is wanted."""
    if options.community_id:
        own.add([f',"community_id":"{c}"' for c in community_ids(batch, options.community_id_seed)])


def stats_lines(health: Any, *, sensor: str = "") -> str:
    """Return one ``stats`` event per time of reading, each a line, with {stage: {cause: value}} under ``stats``.

    A stage ``app_layer.b.c`` is shown as the object c within b within app_layer.
    """
    readings: dict[int, dict[str, Any]] = {}
    rows = zip(health.ts_ns.tolist(), text_values(health.stage), text_values(health.cause), health.value.tolist(),
               strict=True)
    for ts_ns, stage, cause, value in rows:
        holder = readings.setdefault(ts_ns, {})
        for name in stage.split(".") if stage.startswith(_NESTED) else [stage]:
            holder = holder.setdefault(name, {})
        holder[cause] = value
    event = Event("stats", np.array(list(readings), np.int64), sensor)
    event.own.add([key_text("stats") + json_text(stats) for stats in readings.values()])
    return event.lines()


class Event:
    """Events of one type in the making: their own fields, and the objects in them."""

    def __init__(self, event_type: str, ts_ns: np.ndarray, sensor: str, options: EveSettings = DEFAULTS) -> None:
        self.own = Fields(ts_ns.size)
        self._objects: dict[str, Fields] = {}
        self._ts_ns, self._full = ts_ns, options.ipv6_full
        self.own.constant("event_type", json.dumps(event_type))
        if sensor:
            self.own.constant("host", json_text(sensor))

    def object(self, name: str) -> Fields:
        """The fields of an object; those of the event itself for the name "", which is none."""
        return self._objects.setdefault(name, Fields(self.own.rows)) if name else self.own

    def derive(self, table: Table, batch: Any, vocabularies: Vocabularies, forms: Mapping[str, Form], *,
               without: str = "") -> None:
        """Add every column that has a place in EVE; forms are those that have a form of their own.

        without: an object whose columns are left out, because it is rendered as a whole elsewhere.
        """
        for column in table.columns:
            if not column.eve or column.eve == "timestamp" or (without and column.eve.startswith(f"{without}.")):
                continue
            holder, _, name = column.eve.rpartition(".")
            if form := forms.get(column.name):
                form(self.object(holder), name, batch)
            elif column.name not in _ELSEWHERE:
                add_column(self.object(holder), name, column, [getattr(batch, f) for f in column.fields], vocabularies,
                           full=self._full)

    def lines(self) -> str:
        """The events as lines; objects within objects are put into those around them, the innermost first."""
        for name in sorted((n for n in self._objects if "." in n), key=lambda n: -n.count(".")):
            holder, _, last = name.rpartition(".")
            inner = self._objects.pop(name).object_parts(last)
            self.object(holder).add(list(map("".join, zip(*inner, strict=True))))
        return lines(self._ts_ns, self.own, self._objects)


def add_column(fields: Fields, name: str, column: Column, arrays: list[Any], vocabularies: Vocabularies, *,
               full: bool = False) -> None:
    """Add a column under a name, in the form of its kind; full: IPv6 addresses with all zeros."""
    optional = column.missing != ""
    if column.dtype == "ip":
        fields.add(addresses(name, *arrays, full=full))
    elif column.dtype == "text":
        fields.add(texts(name, arrays[0], omit_empty=optional))
    elif column.dtype == "bool":
        fields.add(blank([f"{key_text(name)}true"] * arrays[0].size, ~arrays[0]))
    elif column.dtype == "json":
        fields.add(json_values(name, arrays[0]))
    elif column.clickhouse.startswith("DateTime64"):
        fields.add(blank(times(name, arrays[0]), optional & (arrays[0] == 0)))
    elif isinstance(column.labels, str):
        fields.word(name, arrays[0], vocabularies.get(column.labels, ()))
    elif column.labels is not None:
        fields.word(name, arrays[0], _labels(column.labels))
    else:
        fields.number(name, arrays[0], omit_zero=optional)


def _labels(codes: type[IntEnum]) -> list[str]:
    known = labels_of(codes)
    return [known.get(code, str(code)) for code in range(max(known) + 1)]


def proto_form(fields: Fields, name: str, batch: Any) -> None:
    """The IP protocol by its name."""
    fields.word(name, batch.proto, _PROTO_NAMES)


def number_form(column: str, protos: tuple[int, ...] | None = None) -> Form:
    """A number as it is, only for some protocols (a port 0 of TCP is a port, that of ICMP is none)."""
    def add(fields: Fields, name: str, batch: Any) -> None:
        key, array = key_text(name), getattr(batch, column)
        if protos is None:
            fields.number(name, array)
        else:
            fields.add(blank([f"{key}{v}" for v in array.tolist()], ~np.isin(batch.proto, protos)))
    return add


def mac_form(column: str) -> Form:
    """One MAC address."""
    return lambda fields, name, batch: fields.add(macs(name, getattr(batch, column)))


def _both_macs(column: str, reply: str) -> Form:
    """The MAC addresses of one end: that of the first packet, and that of the first answer where it is another."""
    def add(fields: Fields, name: str, flows: Any) -> None:
        pairs = np.stack([getattr(flows, column), getattr(flows, reply)], 1)
        distinct, place = np.unique(pairs, axis=0, return_inverse=True)
        shown = [list(dict.fromkeys(mac_text(m) for m in pair if m)) for pair in distinct.tolist()]
        fields.add(picked([f"{key_text(name)}{json.dumps(m)}" if m else "" for m in shown], place.reshape(-1)))
    return add


def _reply_icmp(column: str) -> Form:
    """Type or code of the answer, where there was one."""
    def add(fields: Fields, name: str, flows: Any) -> None:
        key = key_text(name)
        answered = np.isin(flows.proto, _ICMP) & (flows.pkts_toclient > 0)
        fields.add(blank([f"{key}{v}" for v in getattr(flows, column).tolist()], ~answered))
    return add


def ip_version(fields: Fields, batch: Any) -> None:
    """Add the version of IP."""
    version_4 = (batch.src_ip_hi == 0) & (batch.src_ip_lo >> np.uint64(32) == _MAPPED)
    fields.number("ip_v", np.where(version_4, 4, 6).astype(np.uint8))


def vlan_form(fields: Fields, name: str, batch: Any) -> None:
    """VLAN tags from the outside in, as an array."""
    inner = getattr(batch, "vlan_inner", np.zeros_like(batch.vlan))
    both, place = np.unique(batch.vlan.astype(np.uint32) << 16 | inner, return_inverse=True)
    shown = [[tag for tag in (pair >> 16, pair & 0xFFFF) if tag] for pair in both.tolist()]
    fields.add(picked([f"{key_text(name)}{json.dumps(tags)}" if tags else "" for tags in shown], place))


def _reason(fields: Fields, name: str, flows: Any) -> None:
    words = [_REASONS.get(reason, "timeout") for reason in EndReason]
    fields.word(name, np.where(flows.input_ended, int(EndReason.END_OF_INPUT), flows.end_reason), words)


def _app_proto(fields: Fields, name: str, flows: Any) -> None:
    """The protocol; left out while it is unknown, as Suricata does."""
    names = [label.replace("_", "-") for label in _labels(AppProto)[1:]]
    fields.word(name, getattr(flows, _APP_PROTOS[name]), ["", *names])


def _flow_state(flows: Any) -> np.ndarray:
    """0 new: it has not come about, 1 established, 2 closed by FIN both ways or RST, as in Suricata."""
    closed = (flows.proto == _TCP) & np.isin(flows.tcp_state, (TcpState.CLOSED, TcpState.RESET))
    return np.where(closed, 2, flows.outcome == Outcome.ESTABLISHED)


def _tcp_objects(flows: Any) -> list[str]:
    """The ``tcp`` object; few combinations of flags and state occur, each is written once."""
    combined = (flows.tcp_flags_toserver.astype(np.uint32) << 16 | flows.tcp_flags_toclient.astype(np.uint32) << 8
                | flows.tcp_state)
    distinct, place = np.unique(combined, return_inverse=True)
    known = [_tcp_object(c >> 16, c >> 8 & 0xFF, c & 0xFF) for c in distinct.tolist()]
    return blank(picked(known, place), flows.proto != _TCP)


def _tcp_object(toserver: int, toclient: int, state: int) -> str:
    both = toserver | toclient
    return key_text("tcp") + json_text({
        "tcp_flags": f"{both:02x}", "tcp_flags_ts": f"{toserver:02x}", "tcp_flags_tc": f"{toclient:02x}",
        **{name: True for name, bit in TCP_FLAGS if both & bit}, "state": _TCP_STATES.get(state, "established")})


_ELSEWHERE = frozenset({"vlan_inner", "tcp_flags_toserver", "tcp_flags_toclient", "tcp_state"})
"""Columns of a flow that go into ``vlan`` and ``tcp`` together with others."""

_APP_PROTOS = {"app_proto": "app_proto", "app_proto_orig": "first_app_proto"}

FLOW_FORMS: dict[str, Form] = {
    "proto": proto_form,
    "src_port": number_form("src_port", PORT_PROTOS), "dst_port": number_form("dst_port", PORT_PROTOS),
    "icmp_type": number_form("icmp_type", _ICMP), "icmp_code": number_form("icmp_code", _ICMP), "vlan": vlan_form,
    "src_mac": _both_macs("src_mac", "reply_dst_mac"), "dst_mac": _both_macs("dst_mac", "reply_src_mac"),
    "reply_icmp_type": _reply_icmp("reply_icmp_type"), "reply_icmp_code": _reply_icmp("reply_icmp_code"),
    "end_reason": _reason, "app_proto": _app_proto, "first_app_proto": _app_proto,
}
