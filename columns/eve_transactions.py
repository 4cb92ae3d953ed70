"""Rows of protocol tables as EVE events, each of the type that its table is named after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from columns.eve import Event, Vocabularies, community, ip_version, mac_form, number_form, proto_form, vlan_form
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_values import Fields, json_text, key_text
from columns.protocols import arp, dns, fileinfo, ftp, krb5
from columns.protocols.dnp3 import Dnp3
from columns.schema import Table, Text, rows_in, take_rows, text_values

_FORMS = {"proto": proto_form, "src_port": number_form("src_port"), "dst_port": number_form("dst_port"),
          "vlan": vlan_form, "tx_id": number_form("tx_id"), "src_mac": mac_form("src_mac"),
          "dst_mac": mac_form("dst_mac")}


def _nothing(fields: Fields, name: str, batch: Any) -> None:
    """Leave a column out."""


_TABLE_FORMS = {
    "arp": _FORMS | dict.fromkeys(("flow_id", "tx_id", "proto", "src_port", "dst_port"), _nothing),
    "icmp": _FORMS | dict.fromkeys(("tx_id", "src_port", "dst_port"), _nothing),
}
"""Tables of packets, which have no ports and no transactions, and those of ARP no flow."""


class Shape(NamedTuple):
    """How a table is shown whose events Suricata writes in a form of their own.

    event_type and eve_object take a row as a dictionary; in rows with to_server = 0 the sender is shown as the source.
    """

    event_type: Callable[[Mapping[str, Any]], str]
    eve_object: Callable[[dict[str, Any]], dict[str, Any]]


_SHAPES = {
    "arp": Shape(lambda row: "arp", arp.eve_object),
    "fileinfo": Shape(lambda row: "fileinfo", fileinfo.eve_object),
    "ftp": Shape(lambda row: "ftp", ftp.eve_object),
    "krb5": Shape(lambda row: "krb5", krb5.eve_object),
}


def transaction_lines(table: Table, batch: Any, vocabularies: Vocabularies, *, sensor: str = "",
                      options: EveSettings = DEFAULTS) -> str:
    """Return one event per row of a table of transactions that the options let through, each a line.

    A column whose place is ``a.b.c`` stands in the object b within the object a.
    """
    if rows_in(batch) == 0:
        return ""
    if table.name == "dns":
        return _dns_lines(table, batch, vocabularies, sensor, options)
    if table.name in _SHAPES:
        shape, rows = _SHAPES[table.name], _as_dicts(batch)
        shown = [(k, shape.event_type(row), shape.eve_object(row)) for k, row in enumerate(rows)]
        return _shaped_lines(shown, table, batch, vocabularies, sensor, options)
    if not options.writes(table.name):
        return ""
    if table.name == "anomaly" and options.anomalies:
        batch = take_rows(batch, np.isin(text_values(batch.type), options.anomalies))
        if not rows_in(batch):
            return ""
    batch = _from_sender(batch)
    event = Event(table.name, batch.ts_ns, sensor, options)
    event.derive(table, batch, vocabularies, _forms(table.name, options))
    _origin(event, batch, options)
    return event.lines()


def _forms(name: str, options: EveSettings) -> Mapping[str, Any]:
    forms = _TABLE_FORMS.get(name, _FORMS)
    return forms if options.ethernet else {**forms, "src_mac": _nothing, "dst_mac": _nothing}


def _dns_lines(table: Table, batch: Any, vocabularies: Vocabularies, sensor: str, options: EveSettings) -> str:
    """Messages of DNS, in the form and of the kinds that are wanted; form 2 has one event for each question."""
    shown = []
    for k, row in enumerate(_as_dicts(batch)):
        if not (options.dns_responses if row["message_type"] == "response" else options.dns_requests):
            continue
        if options.dns_types and not dns.is_about(row, options.dns_types):
            continue
        kind = dns.event_type(row)
        objects = (dns.eve_objects_v2(row) if options.dns_version == 2 and kind == "dns" else [dns.eve_object(row)])
        shown += [(k, kind, one) for one in objects]
    return _shaped_lines(shown, table, batch, vocabularies, sensor, options)


def _shaped_lines(shown: list[tuple[int, str, dict[str, Any]]], table: Table, batch: Any, vocabularies: Vocabularies,
                  sensor: str, options: EveSettings) -> str:
    """Return events that are rendered as a whole: shown is the row of each, its type, and its own object."""
    lines = []
    for kind in dict.fromkeys(k for _, k, _ in shown):
        if not options.writes(kind):
            continue
        which = np.array([row for row, k, _ in shown if k == kind], np.int64)
        some = _from_sender(take_rows(batch, which))
        event = Event(kind, some.ts_ns, sensor, options)
        event.derive(table, some, vocabularies, _forms(table.name, options), without=table.name)
        _origin(event, some, options, table.name == "arp")
        event.own.add([key_text(kind) + json_text(one) for _, k, one in shown if k == kind])
        lines.append(event.lines())
    return "".join(lines)


def _origin(event: Event, batch: Any, options: EveSettings, alone: bool = False) -> None:
    """Add what Suricata says of where an event comes from; a flow that ended untold was looked at for that reason."""
    if not alone:
        community(event.own, batch, options)
    event.own.word("pkt_src", (batch.logged_packet == 0).astype(np.uint8), ("wire/pcap", "stream (flow timeout)"))
    ip_version(event.own, batch)


def _from_sender(batch: Any) -> Any:
    """Return the batch with source and destination exchanged in rows that the responder sent, where they say so."""
    if "to_server" not in batch._fields or isinstance(batch, Dnp3):  # Suricata leaves the ends of DNP3 as they are
        return batch
    back = batch.to_server == 0
    exchanged = {}
    for field in batch._fields:
        if field.startswith(("src_", "dst_")):
            other = ("dst_" if field.startswith("src_") else "src_") + field[4:]
            exchanged[field] = np.where(back, getattr(batch, other), getattr(batch, field))
    return batch._replace(**exchanged)


def _as_dicts(batch: Any) -> list[dict[str, Any]]:
    columns = {name: text_values(a) if isinstance(a, Text) else a.tolist() for name, a in batch._asdict().items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
