"""What an alert shows beside the rule: protocol, direction, the transaction's own fields as EVE has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from detectors.signatures.engine.transactions import Side, Tx

if TYPE_CHECKING:
    from detectors.signatures.engine.judge import Match

_MOST_VALUES, _MOST_LINES, _MOST_CHARACTERS = 8, 64, 1024


def _text(value: bytes) -> str:
    return value[:_MOST_CHARACTERS].decode("utf-8", "replace")


def _number(value: bytes) -> int:
    return int(value)


_Take = tuple[str, str, Callable[[bytes], Any]]
_HTTP: tuple[_Take, ...] = (
    ("hostname", "http.host", _text), ("url", "http.uri.raw", _text), ("http_user_agent", "http.user_agent", _text),
    ("http_content_type", "http.content_type", _text), ("http_refer", "http.referer", _text),
    ("http_method", "http.method", _text), ("protocol", "http.protocol", _text), ("status", "http.stat_code", _number))
_OBJECTS: dict[str, tuple[str, tuple[_Take, ...]]] = {
    "http1": ("http", _HTTP),
    "tls": ("tls", (("subject", "tls.cert_subject", _text), ("issuerdn", "tls.cert_issuer", _text),
                    ("serial", "tls.cert_serial", _text), ("fingerprint", "tls.cert_fingerprint", _text),
                    ("sni", "tls.sni", _text), ("version", "tls.version", _text), ("ja4", "ja4.hash", _text))),
    "smtp": ("smtp", (("helo", "smtp.helo", _text), ("mail_from", "smtp.mail_from", _text))),
}


def named_by_alerts(app: str) -> tuple[str, ...] | None:
    """Return how the names of buffers begin that alerts show of a protocol's transactions; None where it may be any."""
    if app in ("smb", "dcerpc"):
        return ("dcerpc.",)
    return None if app in _OBJECTS or app in _MAKERS else ()


def app_objects(match: Match) -> dict[str, Any]:
    """Return the objects of EVE that tell the transaction of a match; {} outside of one."""
    if match.tx is None:
        return {}
    tx: Tx = match.tx
    made = _MAKERS[tx.app](tx) if tx.app in _MAKERS else _plain(tx)
    files = [_file(file) for side in tx.sides for file in side.files[:_MOST_VALUES]]
    return made | ({"files": files} if files else {})


def _plain(tx: Tx) -> dict[str, Any]:
    if tx.app not in _OBJECTS:
        return {}
    name, takes = _OBJECTS[tx.app]
    shown = _shown(tx, takes)
    return {name: shown} if shown else {}


def _shown(tx: Tx, takes: Sequence[_Take]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, buffer, form in takes:
        value = _first(tx, buffer)
        if value is not None:
            shown[key] = form(value)
    return shown


def _first(tx: Tx, buffer: str) -> bytes | None:
    for side in (tx.sides[1], tx.sides[0]):
        if values := side.values(buffer):
            return values[0]
    return None


def _dns(tx: Tx) -> dict[str, Any]:
    side = tx.sides[1] if tx.sides[1].names else tx.sides[0]
    asked = [{"rrname": _text(name), **({"rrtype": _text(kind)} if kind else {})} for name, kind in _paired(
        side, "dns.query.name", "dns.query_type")]
    shown: dict[str, Any] = {"version": 3, "type": "response" if side is tx.sides[0] else "request", "queries": asked}
    if side.has("dns.answer.name"):
        shown["answers"] = [{"rrname": _text(name), "rrtype": _text(kind)} for name, kind in _paired(
            side, "dns.answer.name", "dns.answer_type")]
    if side.has("dns.head"):
        shown |= _dns_head(int(side.values("dns.head")[0]))
    return {"dns": shown}


_RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
           "NOTAUTH", "NOTZONE")


def _dns_head(head: int) -> dict[str, Any]:
    """Return id and flags as EVE has them; head is both, 16 bits each."""
    flags = head & 0xFFFF
    shown: dict[str, Any] = {"id": head >> 16}
    if flags & 0x8000:
        code = flags & 15
        shown |= {"flags": f"{flags:x}", "qr": True, "rcode": _RCODES[code] if code < len(_RCODES) else str(code)}
    for name, bit in (("aa", 0x400), ("tc", 0x200), ("rd", 0x100), ("ra", 0x80), ("z", 0x40)):
        if flags & bit:
            shown[name] = True
    return shown | {"opcode": flags >> 11 & 15}


def _dcerpc(tx: Tx) -> dict[str, Any]:
    side = tx.sides[1]
    faces = [_text(value).partition(" ") for value in side.values("dcerpc.iface")]
    shown: dict[str, Any] = {"interfaces": [{"uuid": uuid, "version": version} for uuid, _, version in faces]}
    if side.has("dcerpc.opnum"):
        shown["req"] = {"opnum": int(side.values("dcerpc.opnum")[0])}
    return {"dcerpc": shown} if faces or "req" in shown else {}


def _email(tx: Tx) -> dict[str, Any]:
    found = _plain(tx)
    email: dict[str, Any] = {
        key: _text(value) for key in ("from", "subject", "date", "message_id", "x_mailer")
        if (value := _first(tx, f"email.{key}")) is not None}
    for key in ("to", "cc"):
        if (value := _first(tx, f"email.{key}")) is not None:
            email[key] = _addresses(_text(value))
    return found | ({"email": email} if email else {})


def _addresses(text: str) -> list[str]:
    """Return the addresses of a list; commas within quotes do not part them."""
    return [part.strip() for part in _BETWEEN.findall(text) if part.strip()]


_BETWEEN = re.compile(r'((?:"[^"]*"|[^",])+)')


_HTTP2_ERRORS = ("NOERROR", "PROTOCOLERROR", "INTERNALERROR", "FLOWCONTROLERROR", "SETTINGSTIMEOUT", "STREAMCLOSED",
                 "FRAMESIZEERROR", "REFUSEDSTREAM", "CANCEL", "COMPRESSIONERROR", "CONNECTERROR", "ENHANCEYOURCALM",
                 "INADEQUATESECURITY", "HTTP11REQUIRED")


def _http2(tx: Tx) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for side, name in ((tx.sides[1], "request"), (tx.sides[0], "response")):
        if codes := side.values("http2.errorcode"):
            code = int(codes[0])
            found[name] = {"error_code": _HTTP2_ERRORS[code] if code < len(_HTTP2_ERRORS) else str(code)}
    return {"http": _shown(tx, _HTTP) | {"http2": found}}


def _exchange(tx: Tx) -> dict[str, Any]:
    """Requests and responses that the parser has as JSON already."""
    shown: dict[str, Any] = {}
    if asked := tx.sides[1].values("eve.request"):
        shown["request"] = json.loads(asked[0])
    if answers := tx.sides[0].values("eve.response"):
        shown["responses"] = [json.loads(answer) for answer in answers[:_MOST_VALUES]]
    return {tx.app: shown} if shown else {}


def _both(tx: Tx) -> dict[str, Any]:
    """A request and its response, each as the parser has it."""
    shown = {name: json.loads(values[0]) for name, side in (("request", tx.sides[1]), ("response", tx.sides[0]))
             if (values := side.values(f"eve.{name}"))}
    return {tx.app: shown} if shown else {}


def _as_told(tx: Tx) -> dict[str, Any]:
    """What the parser has as JSON already, as far as it was told."""
    for values in (tx.sides[0].values("eve.object"), tx.sides[1].values("eve.object")):
        if values:
            return {tx.app: json.loads(values[-1])}
    return {}


def _paired(side: Side, names: str, kinds: str) -> list[tuple[bytes, bytes]]:
    first, second = list(side.values(names))[:_MOST_VALUES], list(side.values(kinds))
    return [(name, second[k] if k < len(second) else b"") for k, name in enumerate(first)]


def _ssh(tx: Tx) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for side, name in ((tx.sides[1], "client"), (tx.sides[0], "server")):
        if side.has("ssh.software"):
            shown[name] = {"proto_version": _text(side.values("ssh.proto")[0]),
                           "software_version": _text(side.values("ssh.software")[0])}
    return {"ssh": shown} if shown else {}


def _ftp(tx: Tx) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key in ("command", "command_data", "mode"):
        if (value := _first(tx, f"ftp.{key}")) is not None:
            shown[key] = _text(value)
    if (port := _first(tx, "ftp.dynamic_port")) is not None:
        shown["dynamic_port"] = int(port)
    for key in ("reply", "completion_code"):
        if values := tx.sides[0].values(f"ftp.{key}"):
            shown[key] = [_text(value) for value in values[:_MOST_LINES]]
    return {"ftp": shown}


def _ftp_data(tx: Tx) -> dict[str, Any]:
    shown = {key: _text(value) for key, buffer in (("filename", "file.name"), ("command", "ftpdata_command"))
             if (value := _first(tx, buffer)) is not None}
    return {"ftp_data": shown} if shown else {}


_MAKERS: dict[str, Callable[[Tx], dict[str, Any]]] = {
    "dns": _dns, "mdns": _dns, "ssh": _ssh, "ftp": _ftp, "dcerpc": _dcerpc, "smb": _dcerpc, "smtp": _email,
    "ldap": _exchange, "mqtt": _as_told, "http2": _http2, "ftp-data": _ftp_data, "modbus": _both, "enip": _both,
    "pgsql": _as_told}


def _file(file: dict[str, list[bytes]]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if "file.name" in file:
        shown["filename"] = _text(file["file.name"][0])
    if "file.magic" in file:
        shown["magic"] = _text(file["file.magic"][0])
    if "file.size" in file:
        shown["size"] = int(file["file.size"][0])
    if "file.state" in file:
        shown["state"] = file["file.state"][0].decode().upper()
    return shown
