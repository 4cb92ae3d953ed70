"""What Zeek, Arkime and suricata-verify say of HTTP and mail, set beside the rows."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

Fact = tuple[str, Any, Any]
"""Where and what; expected; got."""
Rows = dict[str, list[dict[str, Any]]]


def zeek_log(path: Path) -> list[dict[str, str]]:
    """Return the rows of a Zeek log by name of the field; what is unset or empty is ''."""
    names, rows = [], []
    for line in path.read_text().splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            values = ["" if v in ("-", "(empty)") else v for v in line.split("\t")]
            rows.append(dict(zip(names, values, strict=True)))
    return rows


_ZEEK_HTTP = {"method": "http_method", "uri": "url", "referrer": "http_refer", "user_agent": "http_user_agent",
              "origin": "origin", "status_code": "status", "status_msg": "status_text", "username": "username",
              "request_body_len": "request_body_bytes"}


def zeek_http(log: Path, rows: Rows) -> Iterator[Fact]:
    """Compare http.log; transactions by port of the client and their number in the connection."""
    ours = {(r["src_port"], r["tx_id"] + 1): r for r in rows.get("http", [])}
    files = {(r["src_port"], r["file_tx_id"] + 1): r for r in rows.get("fileinfo", []) if not r["to_server"]}
    for want in zeek_log(log):
        key = int(want["id.orig_p"]), int(want["trans_depth"])
        row = ours.get(key)
        yield f"{key} seen", True, row is not None
        if row is None:
            continue
        for field, column in _ZEEK_HTTP.items():
            got = str(row[column] or (0 if field.endswith("len") else ""))
            yield f"{key} {field}", _raw(want[field]), _raw(unquote(got, "latin-1") if field == "uri" else got)
        yield f"{key} host", want["host"].lower().rpartition(":")[0] or want["host"].lower(), row["hostname"]
        yield f"{key} version", want["version"], row["response_protocol"].removeprefix("HTTP/")
        yield f"{key} response_body_len", int(want["response_body_len"]), row["response_entity_bytes"]
        if want["orig_filenames"]:
            yield f"{key} orig_filenames", want["orig_filenames"], ",".join(json.loads(row["file_names"] or "[]"))
        if want["resp_mime_types"] and key in files:
            yield f"{key} resp_mime_types", want["resp_mime_types"], files[key]["mime_type"]


def _raw(text: str) -> str:
    """What is no printable ASCII as one form, for Zeek writes it as \\xhh."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), text)


def arkime(test: Path, rows: Rows) -> Iterator[Fact]:
    """Compare the http and email objects of Arkime's sessions, found by the ports of their flow."""
    for session in json.loads(test.read_text())["sessions3"]:
        body = session.get("body", session)
        ports = {body["source"]["port"], body["destination"]["port"]}
        for kind, compare in (("http", _arkime_http), ("email", _arkime_mail)):
            if kind in body and len(body[kind]) > 2:
                mine = {name: [r for r in rows.get(name, []) if {r["src_port"], r["dst_port"]} == ports]
                        for name in ("http", "smtp", "fileinfo")}
                for what, expected, got in compare(body[kind], mine):
                    yield f"{sorted(ports)} {what}", expected, got


def _names(rows: list[dict[str, Any]], column: str) -> list[str]:
    return sorted({h["name"].lower() for r in rows for h in json.loads(r[column] or "[]")})


def _some(rows: list[dict[str, Any]], column: str) -> list[Any]:
    return sorted({r[column] for r in rows if r.get(column)})


def _arkime_http(want: dict[str, Any], mine: Rows) -> Iterator[Fact]:
    rows = mine["http"]
    want = want | {"statuscode": [s for s in want.get("statuscode", []) if s >= 200],
                   "useragent": [u for u in want.get("useragent", []) if u]}
    pairs = (("method", "http_method"), ("statuscode", "status"), ("useragent", "http_user_agent"),
             ("request-referer", "http_refer"), ("response-location", "redirect"))
    for field, column in pairs:
        if want.get(field):
            yield field, sorted(want[field]), _some(rows, column)
    if "host" in want:
        yield "host", sorted({h.lower().split(":")[0] for h in want["host"]} - {""}), _some(rows, "hostname")
    if "path" in want:
        yield "path", sorted(want["path"]), sorted({r["url"].split("?")[0] for r in rows if r["url"]})
    if "requestHeader" in want:
        yield "requestHeader", sorted(want["requestHeader"]), _names(rows, "request_headers")
    if "responseHeader" in want:
        yield "responseHeader", sorted(want["responseHeader"]), _names(rows, "response_headers")
    if "clientVersion" in want:
        yield "clientVersion", sorted(want["clientVersion"]), sorted({r["protocol"][5:] for r in rows if r["url"]})
    if "md5" in want and not any(r["content_encoding"] for r in rows):  # Arkime hashes what is still coded
        yield "md5", sorted(want["md5"]), _some(mine["fileinfo"], "md5")


def _address(text: str) -> str:
    found = re.search(r"<([^<>]*)>\s*$", text)
    return (found[1] if found else text).strip().lower()


def _arkime_mail(want: dict[str, Any], mine: Rows) -> Iterator[Fact]:
    rows = mine["smtp"]
    for field, column in (("subject", "subject"), ("smtpHello", "helo"), ("contentType", "content_type")):
        if field in want:
            told = sorted(" ".join(v.split()) for v in _some(rows, column))
            told = [v.lower() for v in told] if field == "smtpHello" else told
            yield field, sorted(" ".join(v.split()) for v in want[field]), told
    if "id" in want:
        yield "id", sorted(want["id"]), [v.strip("<>") for v in _some(rows, "message_id")]
    if "filename" in want:
        yield "filename", sorted(want["filename"]), sorted(n for r in rows for n in json.loads(r["attachment"] or "[]"))
    if "src" in want:
        got = {_address(r.get("email_from") or "") for r in rows} | {_address(r["mail_from"]) for r in rows}
        yield "src", set(), set(want["src"]) - got
    if "dst" in want:
        got = {_address(a) for r in rows for c in ("rcpt_to", "email_to", "email_cc")
               for a in json.loads(r.get(c) or "[]")}
        yield "dst", set(), set(want["dst"]) - got
    if "header" in want:
        got = {c for r in rows for c, n in (("from", "email_from"), ("to", "email_to"), ("subject", "subject"))
               if r.get(n)}
        yield "header", {"from", "to", "subject"} & set(want["header"]), got & set(want["header"])


def event(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the EVE event that its columns describe."""
    made: dict[str, Any] = {"event_type": table.name, "app_proto": table.name, "proto": "TCP"}
    for column in table.columns:
        value = row.get(column.name, "" if column.dtype in ("text", "json") else 0)
        value = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if column.dtype == "ip":
            address = ipaddress.IPv6Address(value)
            value = str(address.ipv4_mapped or address)
        elif column.dtype == "json" and value:
            value = json.loads(value)
        if column.eve in ("", "timestamp", "proto") or (value in ("", 0) and column.missing != ""):
            continue
        *path, name = column.eve.split(".")
        holder = made
        for part in path:
            holder = holder.setdefault(part, {})
        holder[name] = value
    return made


def look(made: Any, key: str) -> tuple[Any, bool]:
    """Return what stands in an event under a dotted key with indices, and whether it is there."""
    for part in re.findall(r"[^.\[\]]+|\[\d+\]", key):
        try:
            made = made[int(part[1:-1])] if part.startswith("[") else made[part]
        except (KeyError, IndexError, TypeError):
            return None, False
    return made, True


def matches(made: dict[str, Any], match: dict[str, Any]) -> bool:
    """Whether an event is one that a filter of suricata-verify counts."""
    for key, want in match.items():
        if key in ("has-key", "not-has-key"):
            keys = [want] if isinstance(want, str) else want
            if any(look(made, k)[1] != (key == "has-key") for k in keys):
                return False
            continue
        base, _, op = key.partition(".__")
        got, there = look(made, base)
        if not there or (len(got) != want if op == "len" else str(got) != str(want)):
            return False
    return True
