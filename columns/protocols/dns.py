"""The dns table: one row per message, and the EVE objects of versions 2 and 3 made of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from columns.protocols.dns_names import OPCODES, RESPONSE_CODES
from columns.transaction import count, json_words, transaction_table, word, words

DNS = transaction_table(
    "dns", "DNS messages: questions, answers and flags; also multicast DNS, LLMNR and NetBIOS names",
    "Dns", __name__,
    (
        word("variant", "dns, mdns, llmnr or nbns", "sekisho.variant"),
        word("message_type", "request or response, by the QR bit", "dns.type"),
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        count("id", "number that ties response to request", "dns.id", dtype="uint16", missing=""),
        count("flags", "flag word of the header; EVE has it in hex", "dns.flags", dtype="uint16", missing=""),
        count("opcode", "operation, 0 is a query", "dns.opcode", dtype="uint8", missing=""),
        word("rcode", "name of the response code, or its number", "dns.rcode"),
        words("rrname", "name in the first question; bytes that are not UTF-8 as \\xNN", "sekisho.rrname"),
        word("rrtype", "type in the first question, or its number", "sekisho.rrtype"),
        count("rrclass", "class in the first question, 1 is IN", "sekisho.rrclass", dtype="uint16"),
        json_words("queries", "questions: rrname, rrtype", "dns.queries"),
        json_words("answers", "answers: rrname, rrtype, ttl, and rdata or an object of the type", "dns.answers"),
        json_words("grouped", "values of the answers by type", "dns.grouped"),
        json_words("authorities", "authority records, as answers", "dns.authorities"),
        json_words("additionals", "additional records, as answers", "dns.additionals"),
        count("queries_said", "questions that the header promises", "sekisho.queries_said", dtype="uint16"),
        count("answers_said", "answers that the header promises", "sekisho.answers_said", dtype="uint16"),
        count("authorities_said", "authority records that the header promises", "sekisho.authorities_said",
              dtype="uint16"),
        count("additionals_said", "additional records that the header promises", "sekisho.additionals_said",
              dtype="uint16"),
        count("message_bytes", "length of the message", "sekisho.message_bytes", unit="bytes", dtype="uint16"),
        count("matched", "1 when the request of this response was seen in its flow", "sekisho.matched", dtype="uint8"),
        count("rtt_ns", "from that request to this response", "sekisho.rtt_ns", unit="ns", dtype="int64"),
        word("flaw", "section that broke off, or text_limit", "sekisho.flaw"),
    ),
)
Dns = DNS.batch

_BITS = (("qr", 0x8000), ("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ra", 0x0080), ("z", 0x0040))
_LLMNR_BITS = (("qr", 0x8000), ("c", 0x0400), ("tc", 0x0200), ("t", 0x0100))
_MULTICAST_BITS = (("qr", 0x8000), ("aa", 0x0400), ("tc", 0x0200), ("rd", 0x0100), ("ra", 0x0080), ("z", 0x0040))
_SECTIONS = ("answers", "authorities", "additionals")


def rcode_name(code: int) -> str:
    """Return the name of a response code, or its number as text."""
    return RESPONSE_CODES.get(code, str(code))


def opcode_name(code: int) -> str:
    """Return the name of an operation, or its number as text."""
    return OPCODES.get(code, str(code))


def event_type(row: Mapping[str, Any]) -> str:
    """Return the event type of a row: ``dns``, ``mdns``, ``llmnr`` as in Suricata, or ``nbns``."""
    return str(row["variant"])


def eve_object(row: Mapping[str, Any], version: int = 3) -> dict[str, Any]:
    """Return what stands under the event type in EVE: version 3 (Suricata 8), or 2 (Suricata 7) for ``dns``.

    A message from the responder is an event with source and destination as on the wire, that is, exchanged.
    """
    if row["variant"] in ("mdns", "llmnr"):
        return _multicast_object(row)
    return _version_3(row) if version == 3 else _version_2(row)


def eve_objects_v2(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of version 2: one per question of a request, one for a response."""
    if row["message_type"] == "response":
        return [_version_2(row)]
    return [_version_2({**row, "queries": [query]}) for query in _list(row["queries"])]


def is_about(row: Mapping[str, Any], kinds: Sequence[str]) -> bool:
    """Return whether a message asks for, or answers with, one of some types of records (a, mx, ...)."""
    wanted = {kind.lower() for kind in kinds}
    records = _list(row["queries"]) if row["message_type"] == "request" else [
        *_list(row["answers"]), *_list(row["queries"])]
    return any(str(record.get("rrtype", "")).lower() in wanted for record in records)


def _list(value: Any) -> Any:
    """Return a json column, which may hold its text or what it means."""
    return json.loads(value) if isinstance(value, (str, bytes)) and value else value or []


def _bits(flags: int, bits: tuple[tuple[str, int], ...]) -> dict[str, Any]:
    return {"flags": f"{flags:x}", **{name: True for name, bit in bits if flags & bit}}


def _version_3(row: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"version": 3, "type": row["message_type"], "tx_id": row["tx_id"], "id": row["id"],
                             **_bits(row["flags"], _BITS), "opcode": row["opcode"], "rcode": row["rcode"]}
    for key in ("queries", "answers", "grouped", "authorities", "additionals"):
        if row.get(key):
            shown[key] = _list(row[key])
    return shown


def _version_2(row: Mapping[str, Any]) -> dict[str, Any]:
    first = (_list(row["queries"]) or [{}])[0]
    if row["message_type"] == "request":
        shown = {"version": 2, "type": "query", "id": row["id"], **first, "tx_id": row["tx_id"]}
        return {**shown, "z": True} if row["flags"] & 0x0040 else {**shown, "opcode": row["opcode"]}
    shown = {"version": 2, "type": "answer", "id": row["id"], **_bits(row["flags"], _BITS), "opcode": row["opcode"],
             **first, "rcode": row["rcode"]}
    for key in ("answers", "grouped", "authorities"):
        if row.get(key):
            shown[key] = _list(row[key])
    return shown


def _multicast_object(row: Mapping[str, Any]) -> dict[str, Any]:
    """Suricata's form for multicast DNS and LLMNR: types in lower case, each value under the name of its type."""
    bits = _LLMNR_BITS if row["variant"] == "llmnr" else _MULTICAST_BITS
    shown: dict[str, Any] = {"type": row["message_type"], "id": row["id"], **_bits(row["flags"], bits),
                             "opcode": row["opcode"]}
    if row.get("queries"):
        shown["queries"] = [{**q, "rrtype": q["rrtype"].lower()} for q in _list(row["queries"])]
    for section in _SECTIONS:
        if row.get(section):
            shown[section] = _by_type(_list(row[section]))
    return shown


def _by_type(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each record as rrname and one key named by its type; the strings of one text record stand together again."""
    shown: list[dict[str, Any]] = []
    for record in records:
        kind = record["rrtype"].lower()
        value = next((record[key] for key in ("rdata", "soa", "srv", "sshfp", "opt") if key in record), "")
        if kind == "txt":
            if shown and shown[-1]["rrname"] == record["rrname"] and kind in shown[-1]:
                shown[-1][kind].append(value)
                continue
            value = [value]
        shown.append({"rrname": record["rrname"], kind: value})
    return shown
