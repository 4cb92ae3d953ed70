"""Flow rows as ``netflow`` events of EVE JSON: one for each direction that has packets."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np

from columns.address import mac_text
from columns.eve import FLOW_FORMS, TCP_FLAGS, Event, Form, add_column, age_s, community, ip_version
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_values import Fields, blank, json_text, key_text, picked, times
from columns.flow import FLOW
from columns.schema import rows_in, take_rows

_TCP = 6


def netflow_lines(flows: Any, *, sensor: str = "", options: EveSettings = DEFAULTS) -> str:
    """Return one ``netflow`` event for each direction of a row that has packets, each a line."""
    lines = []
    for sent, there in (("toserver", flows.pkts_toserver > 0), ("toclient", flows.pkts_toclient > 0)):
        some = take_rows(flows, there)
        if rows_in(some):
            lines.append(_netflow_lines(some, sent, sensor, options))
    return "".join(lines)


def _netflow_lines(flows: Any, sent: str, sensor: str, options: EveSettings) -> str:
    back = sent == "toclient"
    ends = {f"{side}{part}": getattr(flows, f"{other}{part}") for part in ("_ip_hi", "_ip_lo", "_port")
            for side, other in (("src", "dst"), ("dst", "src"))}
    macs = {"src_mac": flows.reply_src_mac, "dst_mac": flows.reply_dst_mac}
    way = flows._replace(**ends, **macs) if back else flows
    event = Event("netflow", flows.clock_ns, sensor, options)
    own, netflow = event.own, event.object("netflow")
    for column in FLOW.columns:
        if column.name in _NETFLOW_COLUMNS and (options.ethernet or "mac" not in column.name):
            holder, _, name = column.eve.rpartition(".")
            if form := _NETFLOW_FORMS.get(column.name):
                form(event.object(holder), name, way)
            else:
                add_column(event.object(holder), name, column, [getattr(way, f) for f in column.fields], {},
                           full=options.ipv6_full)
    community(own, flows, options)
    own.add(_tcp_one_way(getattr(flows, f"tcp_flags_{sent}"), flows.proto))
    ip_version(own, flows)
    netflow.number("pkts", getattr(flows, f"pkts_{sent}"))
    netflow.number("bytes", getattr(flows, f"bytes_{sent}"))
    netflow.add(times("start", flows.ts_start_ns))
    netflow.add(times("end", flows.ts_end_ns))
    netflow.number("age", age_s(flows))
    netflow.number("min_ttl", getattr(flows, f"ttl_{sent}"))
    return event.lines()


def _tcp_one_way(flags: np.ndarray, proto: np.ndarray) -> list[str]:
    return blank(picked(_tcp_objects(), flags), proto != _TCP)


@cache
def _tcp_objects() -> list[str]:
    """The object ``tcp`` for each combination of flags."""
    return [key_text("tcp") + json_text({"tcp_flags": f"{f:02x}", **{n: True for n, bit in TCP_FLAGS if f & bit}})
            for f in range(256)]


def _one_mac(column: str) -> Form:
    """The MAC address of one end of one direction, as an array."""
    def add(fields: Fields, name: str, flows: Any) -> None:
        distinct, place = np.unique(getattr(flows, column), return_inverse=True)
        fields.add(picked([f"{key_text(name)}{json.dumps([mac_text(m)])}" if m else "" for m in distinct.tolist()],
                          place.reshape(-1)))
    return add


_NETFLOW_COLUMNS = frozenset({"flow_id", "src_ip", "dst_ip", "src_port", "dst_port", "proto", "icmp_type", "icmp_code",
                              "vlan", "src_mac", "dst_mac", "app_proto"})
_NETFLOW_FORMS: dict[str, Form] = {
    **{name: FLOW_FORMS[name] for name in ("proto", "src_port", "dst_port", "icmp_type", "icmp_code", "vlan",
                                            "app_proto")},
    "src_mac": _one_mac("src_mac"), "dst_mac": _one_mac("dst_mac")}
