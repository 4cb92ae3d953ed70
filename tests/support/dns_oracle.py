"""DNS messages read as plainly as can be: the oracle of the kernel."""

from __future__ import annotations

import base64
import ipaddress
import re
import struct
from typing import Any

from columns.protocols.dns_names import CLASSES, PARAMETERS, RECORD_TYPES

NAMES, TWO_NAMES, AFTER_TWO = (2, 3, 4, 5, 7, 8, 9, 12, 39), (14, 17), (18, 21, 36)


class Broken(Exception):
    pass


def printed(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(chr(b) if b < 0x80 else f"\\x{b:02x}" for b in data)


class Reader:
    def __init__(self, message: bytes, netbios: bool, pos: int = 0, stop: int | None = None) -> None:
        self.message, self.netbios, self.pos = message, netbios, pos
        self.stop = len(message) if stop is None else stop

    def take(self, size: int) -> bytes:
        if self.pos + size > self.stop:
            raise Broken
        self.pos += size
        return self.message[self.pos - size : self.pos]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def rest(self) -> bytes:
        return self.take(self.stop - self.pos)

    def counted(self) -> bytes:
        return self.take(self.number(1))

    def name(self) -> tuple[bytes, bool]:
        parts, jumps, resume, kept = [], 0, None, 0
        while True:
            if kept > 1025 and resume is not None:
                break
            size = self.number(1)
            if size == 0:
                break
            if size >= 0xC0:
                target = (size & 0x3F) << 8 | self.number(1)
                if jumps == 127:
                    raise Broken
                resume, jumps, self.pos = self.pos if resume is None else resume, jumps + 1, target
                continue
            if size > 63:
                raise Broken
            label = self.take(size)
            if self.netbios and not parts and size == 32:
                label = half_ascii(label)
            parts.append(label)
            kept += len(label) + (len(parts) > 1)
        if resume is not None:
            self.pos = resume
        whole = b".".join(parts)
        return whole[:1025], len(whole) > 1025

    def text_name(self, dotted: bool = False) -> str:
        name = printed(self.name()[0])
        return name or ("." if dotted else "")


def half_ascii(label: bytes) -> bytes:
    if any(not 65 <= b <= 80 for b in label):
        return label
    plain = bytes((a - 65) << 4 | b - 65 for a, b in zip(label[::2], label[1::2], strict=True))
    return plain[:15].rstrip(b" \0") + b"<%02x>" % plain[15]


def type_name(kind: int, netbios: bool = False) -> str:
    if netbios and kind in (32, 33):
        return {32: "NB", 33: "NBSTAT"}[kind]
    return RECORD_TYPES.get(kind, str(kind))


def address(data: bytes) -> str:
    return ipaddress.ip_address(data).exploded


def types(r: Reader) -> str:
    found = ""
    while r.pos < r.stop:
        window, bits = r.number(1), r.counted()
        if len(bits) > 32:
            raise Broken
        for i in range(8 * len(bits)):
            if bits[i // 8] & 128 >> i % 8:
                found += " " + type_name(window << 8 | i)
    return found


def service(r: Reader) -> str:
    shown = ""
    while r.pos < r.stop:
        key, value = r.number(2), Reader(r.message, False, r.pos + 2, r.pos + 2 + r.number(2))
        r.take(value.stop - value.pos)
        def named(k: int) -> str:
            return PARAMETERS[k] if k < len(PARAMETERS) else f"key{k}"
        shown += " " + named(key) + ("=" if value.pos < value.stop else "")
        parts = []
        if key in (0, 1, 3, 4, 6):
            while value.pos < value.stop:
                parts.append(printed(value.counted()) if key == 1 else named(value.number(2)) if key == 0
                             else str(value.number(2)) if key == 3 else address(value.take(4 if key == 4 else 16)))
            shown += ",".join(parts)
        else:
            data = value.rest()
            shown += base64.b64encode(data).decode() if key == 5 else printed(data)
    return shown


def hexed(data: bytes) -> str:
    return data.hex() or "-"


def rdata(kind: int, r: Reader) -> dict[str, Any]:
    """What stands in a record besides name, type and ttl; Broken where the data does not fit the type."""
    if r.netbios and kind == 32:
        r.take(2)
        if r.stop - r.pos != 4:
            raise Broken
        return {"rdata": address(r.take(4))}
    if r.netbios and kind == 33:
        raise Broken
    r.netbios = False
    if kind in (1, 28):
        if r.stop - r.pos != (4 if kind == 1 else 16):
            raise Broken
        return {"rdata": address(r.rest())}
    if kind in NAMES:
        return {"rdata": r.text_name()}
    if kind in AFTER_TWO:
        r.take(2)
        return {"rdata": r.text_name()}
    if kind == 15:
        return {"preference": r.number(2), "rdata": r.text_name()}
    if kind == 6:
        names = {"mname": r.text_name(), "rname": r.text_name()}
        return {"soa": names | {k: r.number(4) for k in ("serial", "refresh", "retry", "expire", "minimum")}}
    if kind == 33:
        return {"srv": {k: r.number(2) for k in ("priority", "weight", "port")} | {"name": r.text_name()}}
    if kind == 10:
        return {"rdata": printed(r.rest())}
    if kind == 41:
        options = []
        while r.pos < r.stop:
            code = r.number(2)
            options.append({"code": code, "data": r.take(r.number(2)).hex()})
        return {"opt": options}
    if kind == 44:
        return {"sshfp": {"algo": r.number(1), "type": r.number(1), "fingerprint": r.rest().hex(":")}}
    return {"rdata": zone_text(kind, r)}


def zone_text(kind: int, r: Reader) -> str:
    def quoted() -> str:
        return f'"{printed(r.counted())}"'
    if kind == 13:
        return f"{quoted()} {quoted()}"
    if kind in TWO_NAMES:
        return f"{r.text_name(True)} {r.text_name(True)}"
    if kind == 35:
        return f"{r.number(2)} {r.number(2)} {quoted()} {quoted()} {quoted()} {r.text_name(True)}"
    if kind in (43, 59):
        return f"{r.number(2)} {r.number(1)} {r.number(1)} {r.rest().hex()}"
    if kind in (48, 60):
        return f"{r.number(2)} {r.number(1)} {r.number(1)} {base64.b64encode(r.rest()).decode()}"
    if kind in (52, 53):
        return f"{r.number(1)} {r.number(1)} {r.number(1)} {r.rest().hex()}"
    if kind in (46, 24):
        head = [type_name(r.number(2))] + [str(r.number(size)) for size in (1, 1, 4, 4, 4, 2)] + [r.text_name(True)]
        return " ".join([*head, base64.b64encode(r.rest()).decode()])
    if kind == 47:
        return r.text_name(True) + types(r)
    if kind in (50, 51):
        shown = f"{r.number(1)} {r.number(1)} {r.number(2)} {hexed(r.counted())}"
        if kind == 51:
            return shown
        owner = r.counted()
        return f"{shown} {base64.b32hexencode(owner).decode().rstrip('=').lower() or '-'}{types(r)}"
    if kind in (64, 65):
        return f"{r.number(2)} {r.text_name(True)}{service(r)}"
    if kind == 256:
        return f'{r.number(2)} {r.number(2)} "{printed(r.rest())}"'
    if kind == 257:
        return f'{r.number(1)} {printed(r.counted())} "{printed(r.rest())}"'
    raise Broken


def unknown(data: bytes) -> dict[str, Any]:
    return {"rdata": f"\\# {len(data)} {data[:256].hex()}"}


def records(r: Reader) -> list[dict[str, Any]]:
    """The objects that the record at r.pos becomes."""
    name, cut = r.name()
    kind, _, ttl = r.number(2), r.number(2), r.number(4)
    size = r.number(2)
    start = r.pos
    r.take(size)
    head: dict[str, Any] = {"rrname": printed(name), "rrtype": type_name(kind, r.netbios)}
    if cut:
        head["rrname_truncated"] = True
    head["ttl"] = ttl
    if not size:
        return [head]
    if kind in (16, 99):
        found, part = [], Reader(r.message, False, start, start + size)
        while part.pos < part.stop:
            left = part.pos
            try:
                found.append(head | {"rdata": printed(part.counted())})
            except Broken:
                found.append(head | unknown(r.message[left : part.stop]))
                break
        return found
    try:
        return [head | rdata(kind, Reader(r.message, r.netbios, start, start + size))]
    except Broken:
        return [head | unknown(r.message[start : start + size])]


def read(message: bytes, netbios: bool = False) -> dict[str, Any]:
    """Read a message without any limit on text: flaw, header, name, and the sections as lists."""
    shown: dict[str, Any] = {"flaw": "", "rrname": "", "queries": [], "answers": [], "authorities": [],
                             "additionals": []}
    if len(message) < 12:
        return shown | {"flaw": "header"}
    header = [int.from_bytes(message[k : k + 2], "big") for k in range(0, 12, 2)]
    shown["header"], r = header, Reader(message, netbios, 12)
    for section, count in zip(("queries", "answers", "authorities", "additionals"), header[2:], strict=True):
        for n in range(count):
            try:
                if section == "queries":
                    name, cut = r.name()
                    query = {"rrname": printed(name), "rrtype": type_name(r.number(2), netbios)}
                    r.number(2)
                    shown["rrname"] = shown["rrname"] if n else printed(name)
                    shown[section].append(query | ({"rrname_truncated": True} if cut else {}))
                else:
                    shown[section] += records(r)
            except Broken:
                shown["flaw"] = section
                return shown
    return shown


def begins_dns(head: bytes, src_port: int, dst_port: int) -> bool:
    """Tell whether the first bytes of a datagram, at most 64, look like DNS; ports say how much must be seen."""
    if len(head) < 12:
        return False
    _, flags, *counts = struct.unpack(">6H", head[:12])
    hinted, operation = bool({53, 137, 5353, 5355} & {src_port, dst_port}), flags >> 11 & 15
    if hinted:
        known = (0, 5, 6, 7, 8, 9, 15) if 137 in (src_port, dst_port) else (0, 1, 2, 4, 5, 6)
        if operation not in known or counts[0] > 64 or not 0 < max(counts) <= 4096:
            return False
        if counts[0] == 0:
            return True
    else:
        many = max(counts) > 256 if flags & 0x8000 else counts[1:3] != [0, 0] or counts[3] > 2
        if operation or counts[0] != 1 or flags & 0x40 or flags & 15 > 10 or many:
            return False
    rest = head[12:]
    while rest and 0 < rest[0] <= 63:
        label, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        if not hinted and re.fullmatch(rb"[A-Za-z0-9_*\-=+/]*", label) is None:
            return False
    if not rest or hinted:
        return not rest or rest[0] == 0 or rest[0] >= 0xC0
    kind, class_ = (int.from_bytes(rest[k : k + 2], "big") for k in (1, 3))
    return rest[0] == 0 and head[12] != 0 and len(rest) >= 5 and kind in RECORD_TYPES and class_ in CLASSES
