"""Alerts as EVE events: Suricata's object ``alert``, and what the context of each has to say beside it."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import numpy as np

from columns.alert import ALERT, UNANSWERED
from columns.community_id import PORT_PROTOS, community_ids
from columns.eve import Event, Form, number_form, proto_form, vlan_form
from columns.eve_settings import DEFAULTS, EveSettings
from columns.eve_values import Fields, blank, json_text, key_text
from columns.schema import rows_in, text_values

_WITHIN = '{"alert":'
"""How a context begins that has something to say within ``alert``."""


def alert_lines(alerts: Any, *, sensor: str = "", options: EveSettings = DEFAULTS) -> str:
    """Return one ``alert`` event per revision, each a line.

    community_id is there for TCP, UDP and SCTP between two single addresses.
    """
    rows = rows_in(alerts)
    if rows == 0:
        return ""
    event = Event("alert", alerts.ts_ns, sensor, options)
    contexts = text_values(alerts.context)
    parsed = [json.loads(text) if text.startswith(_WITHIN) or (text and options.ipv6_full) else None
              for text in contexts]
    event.object("alert").add(_alert_objects(alerts, [said.pop("alert", {}) if said else {} for said in parsed]))
    event.derive(ALERT, alerts, {}, _ALERT_FORMS if options.references else {**_ALERT_FORMS, "references": _elsewhere})
    event.own.add(_merged(contexts, parsed, options.ipv6_full))
    if not options.community_id:
        return event.lines()
    many = (alerts.dst_prefix_bits != 128) | (alerts.src_port == 0) | (alerts.dst_port == 0)
    for side in ("src", "dst"):
        many |= (getattr(alerts, f"{side}_ip_hi") == 0) & (getattr(alerts, f"{side}_ip_lo") == 0)
    ids = [f',"community_id":"{c}"' for c in community_ids(alerts, options.community_id_seed)]
    event.own.add(blank(ids, many | ~np.isin(alerts.proto, PORT_PROTOS)))
    return event.lines()


def _alert_objects(alerts: Any, within: list[dict[str, Any]]) -> list[str]:
    """What the object ``alert`` begins with, in Suricata's order, then what the contexts say within it.

    The action is allowed, unless an inline sensor was to be told.
    """
    rows = zip(alerts.gid.tolist(), alerts.signature_id.tolist(), alerts.rev.tolist(), text_values(alerts.signature),
               text_values(alerts.category), alerts.severity.tolist(), within, strict=True)
    return [f',"action":"{said.pop("action", "allowed")}","gid":{gid},"signature_id":{number},"rev":{rev},'
            f'"signature":{json_text(words)},"category":{json_text(kind)},"severity":{severity}'
            + "".join(key_text(name) + json_text(value) for name, value in said.items())
            for gid, number, rev, words, kind, severity, said in rows]


def _merged(contexts: list[str], parsed: list[dict[str, Any] | None], full: bool) -> list[str]:
    """The fields of JSON objects, each as a field of the event; parsed: those that are not shown as they are."""
    found = []
    for text, said in zip(contexts, parsed, strict=True):
        if said is not None:
            for holder in (said.get(name, {}) for name in ("flow", "tunnel") if full):
                for end in ("src_ip", "dest_ip"):
                    if ":" in holder.get(end, ""):
                        holder[end] = ip_address(holder[end]).exploded
            text = json_text(said)
        found.append("," + text[1:-1] if len(text) > 2 else "")
    return found


def _alert_vlan(fields: Fields, name: str, alerts: Any) -> None:
    """The VLAN tag, where the context does not name them all."""
    named = ['"vlan":' in text for text in text_values(alerts.context)]
    vlan_form(fields, name, alerts._replace(vlan=np.where(named, 0, alerts.vlan)))


def _elsewhere(fields: Fields, name: str, batch: Any) -> None:
    """Nothing: it is merged into the event."""


def _logged(fields: Fields, name: str, alerts: Any) -> None:
    """The packet that Suricata names; the one of the evidence, where it is another, stands under ``sekisho``."""
    logged = np.where(alerts.logged_packet == 0, alerts.packet_number, alerts.logged_packet)
    fields.add(blank([f"{key_text(name)}{n}" for n in logged.tolist()], (logged == 0) | (logged == UNANSWERED)))


def _evidence(fields: Fields, name: str, alerts: Any) -> None:
    key = key_text(name)
    fields.add(blank([f"{key}{n}" for n in alerts.packet_number.tolist()], alerts.logged_packet == 0))


_ALERT_FORMS: dict[str, Form] = {
    "proto": proto_form, "packet_number": _logged, "logged_packet": _evidence,
    "src_port": number_form("src_port", PORT_PROTOS), "dst_port": number_form("dst_port", PORT_PROTOS),
    "vlan": _alert_vlan, **dict.fromkeys(
        ("gid", "signature_id", "rev", "signature", "category", "severity", "context"), _elsewhere),
}
