"""Community ID v1: the flow hash that Zeek, Suricata and Arkime share, so that one flow is found in all of them."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise
from typing import Any

import numpy as np

PORT_PROTOS = (6, 17, 132)
"""TCP, UDP, SCTP: their ports are hashed as they are."""

_TWO_WAY = {
    1: ((8, 0), (13, 14), (15, 16), (10, 9), (17, 18)),
    58: ((128, 129), (130, 131), (133, 134), (135, 136), (139, 140), (144, 145)),
}
"""ICMP and ICMPv6 types that ask and answer each other; every other type goes one way (type and code hashed)."""

_MAPPED_HI, _MAPPED_PREFIX = 0, 0xFFFF


def counterparts(proto: int) -> dict[int, int]:
    """Return {ICMP type: type of its counterpart} for protocol 1 or 58."""
    pairs = _TWO_WAY[proto]
    return dict(pairs) | {b: a for a, b in pairs}


def community_ids(flows: Any, seed: int = 0) -> list[str]:
    """Return the Community ID v1 of each flow ("1:" and 28 characters of base64).

    flows is any batch with src_ip, dst_ip, src_port, dst_port, proto; icmp_type and icmp_code are read where it
    has them. seed: 0..65535, as agreed between the tools of a site. IPv4 is what lies in ::ffff:0:0/96 on both ends.
    Source: https://github.com/corelight/community-id-spec
    """
    rows = flows.proto.size
    if rows == 0:
        return []
    src_port, dst_port, one_way, has_ports = _ports(flows)
    swap = ~one_way & _greater(flows, src_port, dst_port)
    ends = [np.where(swap, b, a) for a, b in (
        (flows.src_ip_hi, flows.dst_ip_hi), (flows.src_ip_lo, flows.dst_ip_lo), (src_port, dst_port))]
    other = [np.where(swap, a, b) for a, b in (
        (flows.src_ip_hi, flows.dst_ip_hi), (flows.src_ip_lo, flows.dst_ip_lo), (src_port, dst_port))]
    ipv4 = _is_mapped(flows.src_ip_hi, flows.src_ip_lo) & _is_mapped(flows.dst_ip_hi, flows.dst_ip_lo)
    return _digest(_packed(seed, ends, other, flows.proto, ipv4, has_ports), ipv4, has_ports)


def _ports(flows: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ports, or what stands for them: (source, destination, hashed in this order only, hashed at all)."""
    src, dst = flows.src_port.astype(np.uint16), flows.dst_port.astype(np.uint16)
    one_way = np.zeros(src.size, bool)
    has_ports = np.isin(flows.proto, PORT_PROTOS)
    for proto in _TWO_WAY if hasattr(flows, "icmp_type") else ():
        mine = flows.proto == proto
        answer = np.full(256, -1, np.int32)
        for kind, back in counterparts(proto).items():
            answer[kind] = back
        back = answer[flows.icmp_type]
        src = np.where(mine, flows.icmp_type, src).astype(np.uint16)
        dst = np.where(mine, np.where(back >= 0, back, flows.icmp_code), dst).astype(np.uint16)
        one_way |= mine & (back < 0)
        has_ports |= mine
    return src, dst, one_way, has_ports


def _is_mapped(hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
    return (hi == _MAPPED_HI) & (lo >> np.uint64(32) == _MAPPED_PREFIX)


def _greater(flows: Any, src_port: np.ndarray, dst_port: np.ndarray) -> np.ndarray:
    """Whether (source address, port) comes after (destination address, port) in network byte order."""
    later = src_port > dst_port
    for a, b in ((flows.src_ip_lo, flows.dst_ip_lo), (flows.src_ip_hi, flows.dst_ip_hi)):
        later = np.where(a == b, later, a > b)
    return later


def _packed(seed: int, ends: list[np.ndarray], other: list[np.ndarray], proto: np.ndarray,
            ipv4: np.ndarray, has_ports: np.ndarray) -> np.ndarray:
    """Bytes to hash, rows one after another: seed, two addresses of 4 or 16 bytes, protocol, 0, two ports or none."""
    full = np.zeros((proto.size, 40), np.uint8)
    full[:, 0:2] = _big_endian(np.full(proto.size, seed), ">u2")
    for at, (hi, lo, _) in ((2, ends), (18, other)):
        full[:, at : at + 8], full[:, at + 8 : at + 16] = _big_endian(hi, ">u8"), _big_endian(lo, ">u8")
    full[:, 34] = proto
    full[:, 36:38], full[:, 38:40] = _big_endian(ends[2], ">u2"), _big_endian(other[2], ">u2")
    kept = np.ones(full.shape, bool)
    kept[ipv4, 2:14] = kept[ipv4, 18:30] = False
    kept[~has_ports, 36:40] = False
    return full[kept]


def _big_endian(values: np.ndarray, dtype: str) -> np.ndarray:
    return values.astype(dtype).view(np.uint8).reshape(values.size, -1)


def _digest(packed: np.ndarray, ipv4: np.ndarray, has_ports: np.ndarray) -> list[str]:
    at = np.zeros(ipv4.size + 1, np.int64)
    np.cumsum(np.where(ipv4, 12, 36) + np.where(has_ports, 4, 0), out=at[1:])
    raw, sha1 = memoryview(packed.tobytes()), hashlib.sha1
    # SHA-1 is what the specification asks for; nothing is protected by it
    digests = [sha1(raw[a:b], usedforsecurity=False).digest() for a, b in pairwise(at.tolist())]
    # 20 bytes and a zero are 28 characters of base64, the last of which is padding
    text = base64.b64encode(b"\0".join(digests) + b"\0").decode("ascii")
    return [f"1:{text[i : i + 27]}=" for i in range(0, len(text), 28)]


def community_id_sql() -> tuple[tuple[str, str, str], ...]:
    """Return the same (seed 0) as computed ClickHouse columns over those of a flow: (name, type, SQL), in order.

    The second holds address and port of both ends in the order in which they are hashed.
    """
    first, last = "toIPv6('::ffff:0.0.0.0')", "toIPv6('::ffff:255.255.255.255')"
    is_ipv4 = f"src_ip BETWEEN {first} AND {last} AND dst_ip BETWEEN {first} AND {last}"
    asks = " ".join(f"WHEN proto = {p} THEN transform(icmp_type, {list(counterparts(p))}, "
                    f"{list(counterparts(p).values())}, -1)" for p in _TWO_WAY)
    ports = f"proto IN {PORT_PROTOS}"
    src, dst = (f"substring(unhex(hex({ip})), if(is_ipv4, 13, 1))" for ip in ("src_ip", "dst_ip"))
    src_port = f"multiIf({ports}, {_port_bytes('src_port')}, proto IN {tuple(_TWO_WAY)}, char(0, icmp_type), '')"
    dst_port = (f"multiIf({ports}, {_port_bytes('dst_port')}, proto IN {tuple(_TWO_WAY)}, "
                "char(0, if(icmp_answer < 0, icmp_code, icmp_answer)), '')")
    ends = f"[concat({src}, {src_port}), concat({dst}, {dst_port})]"
    size = "if(is_ipv4, 4, 16)"
    hashed = ", ".join(("char(0, 0)", *(f"left(hashed_ends[{i}], {size})" for i in (1, 2)), "char(proto, 0)",
                        *(f"substring(hashed_ends[{i}], {size} + 1)" for i in (1, 2))))
    return (
        ("is_ipv4", "Bool", is_ipv4),
        ("icmp_answer", "Int16", f"CASE {asks} ELSE 0 END"),
        ("hashed_ends", "Array(String)", f"if(icmp_answer < 0, {ends}, arraySort({ends}))"),
        ("community_id", "String", f"concat('1:', base64Encode(SHA1(concat({hashed}))))"),
    )


def _port_bytes(name: str) -> str:
    return f"char(intDiv({name}, 256), {name} % 256)"
