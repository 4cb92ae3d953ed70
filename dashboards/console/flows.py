"""Flow search: the conditions that an analyst can set, each a bound parameter."""

from __future__ import annotations

from typing import Any

from columns.address import PROTO_NAMES
from columns.app import AppProto
from columns.codes import Outcome, Verdict, labels_of
from columns.errors import UsageError
from dashboards.console.asked import Asked, network_of, number_of, one_of
from dashboards.panels import bind
from dashboards.panels.sql import address, during, where_from

ROWS = 200
_DEEPEST = 100_000
_SHOWN = ("run_id", "sensor", "flow_id", "part", "src_port", "dst_port", "proto", "src_zone", "dst_zone",
          "pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient", "duration_ns", "vlan", "conduit",
          "community_id", "first_packet")
_AS_TEXT = ("ts_start_ns", "ts_end_ns", "verdict", "outcome", "direction_certainty", "tcp_state", "end_reason",
            "tunnel", "app_proto")
PARAMETERS = ("ip", "src", "dst", "port", "proto", "src_zone", "dst_zone", "verdict", "outcome", "app",
              "conduit", "community_id", "run", "flow_id", "offset", "limit")


def flow_question(asked: Asked, limit: int = ROWS) -> tuple[str, dict[str, Any]]:
    """Return the SQL and parameters of a flow search, newest first; UsageError names a wrong condition."""
    conditions, params = _conditions(asked)
    offset = asked.number("offset", 0, 0, _DEEPEST)
    shown = [*(f"{address(f'flow.{c}')} AS {c}" for c in ("src_ip", "dst_ip")),
             *(f"toString(flow.{c}) AS {c}" for c in _AS_TEXT), *(f"flow.{c} AS {c}" for c in _SHOWN)]
    sql = (f"SELECT {', '.join(shown)} FROM flow WHERE {' AND '.join(conditions)} "
           "ORDER BY flow.ts_start_ns DESC, flow.flow_id, flow.part LIMIT {limit:UInt32} OFFSET {offset:UInt32}")
    return bind(sql, asked.request(params | {"limit": limit, "offset": offset}))


def _conditions(asked: Asked) -> tuple[list[str], dict[str, Any]]:
    """Return the conditions of a search and their parameters."""
    conditions, params = [during("flow.ts_start_ns"), where_from(of="flow.")], {}
    for name, sql, value in _wanted(asked):
        conditions.append(sql)
        params |= value if isinstance(value, dict) else {name: value}
    return conditions, params


def _wanted(asked: Asked) -> list[tuple[str, str, Any]]:
    """Return (parameter, condition, value) of each condition that was set."""
    rest, found = {k: v.strip() for k, v in asked.rest.items() if v.strip()}, []
    for name, sides in (("ip", ("src_ip", "dst_ip")), ("src", ("src_ip",)), ("dst", ("dst_ip",))):
        if name in rest:
            found.append((name, *_network(name, sides, rest[name])))
    if "port" in rest:
        found.append(("port", "(flow.src_port = {port:UInt16} OR flow.dst_port = {port:UInt16})",
                      number_of("port", rest["port"], 65535)))
    if "proto" in rest:
        found.append(("proto", "flow.proto = {proto:UInt8}", protocol_number(rest["proto"])))
    for name, column, codes in (("verdict", "verdict", Verdict), ("outcome", "outcome", Outcome),
                                ("app", "app_proto", AppProto)):
        if name in rest:
            value = one_of(name, rest[name], labels_of(codes).values())
            found.append((name, f"flow.{column} = {{{name}:String}}", value))
    for name, column in (("src_zone", "src_zone"), ("dst_zone", "dst_zone"), ("conduit", "conduit"),
                         ("community_id", "community_id"), ("run", "run_id")):
        if name in rest:
            found.append((name, f"flow.{column} = {{{name}:String}}", rest[name]))
    if "flow_id" in rest:
        found.append(("flow_id", "flow.flow_id = {flow_id:UInt64}", number_of("flow_id", rest["flow_id"], 2**63)))
    return found


def _network(name: str, sides: tuple[str, ...], text: str) -> tuple[str, dict[str, str]]:
    """Return the condition for one address (which the table's indexes know) or a network, and its parameters."""
    first, last = network_of(text, name)
    if first == last:
        sql = " OR ".join(f"flow.{side} = toIPv6({{{name}_first:String}})" for side in sides)
        return f"({sql})", {f"{name}_first": first}
    sql = " OR ".join(f"flow.{side} BETWEEN toIPv6({{{name}_first:String}}) AND toIPv6({{{name}_last:String}})"
                      for side in sides)
    return f"({sql})", {f"{name}_first": first, f"{name}_last": last}


def protocol_number(text: str) -> int:
    """Return an IP protocol given by name (any case) or number."""
    numbers = {name.lower(): number for number, name in PROTO_NAMES.items()} | {"icmpv6": 58, "6in4": 41}
    if text.lower() in numbers:
        return numbers[text.lower()]
    if not (text.isascii() and text.isdigit() and int(text[:4]) <= 255):
        raise UsageError(f"proto: {text[:20]} is not an IP protocol", where="proto",
                         expected="tcp, udp, icmp or a number from 0 to 255")
    return int(text)
