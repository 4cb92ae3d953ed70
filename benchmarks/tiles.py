"""Real captures, laid over one another many times with other addresses and other start times."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import dpkt
import numpy as np

from benchmarks.frames import folded, kernel, put16, put_bytes, put_record, sum16

FOLDERS = ("adversary", "arkime", "log4shell", "password", "suricata-verify", "zeek")
_SUFFIXES = (".pcap", ".cap", ".pcapng")
_FEWEST_FRAMES = 10
_ANSWERED_SHARE = 0.8  # a capture with less two-way traffic is an attack or a fragment, not everyday traffic
_IPV4_HOSTS = 1 << 17  # 198.18.0.0/15, set aside for benchmarks (RFC 2544)
_TRANSPORT_CHECKSUM = {6: 16, 17: 6, 58: 2}  # offset in the header, where the pseudo-header is summed too


class RealFrames(NamedTuple):
    """The frames of all chosen captures, one after another."""

    data: np.ndarray  # uint8
    at: np.ndarray  # int64: start of the frame in data
    length: np.ndarray  # int64
    ts_us: np.ndarray  # int64, from the start of its capture
    ip_at: np.ndarray  # int64: IP header from the start of the frame, 0 where nothing is rewritten
    sum_at: np.ndarray  # int64: transport checksum, 0 where there is none
    src: np.ndarray  # int64: number of the source address, -1 = group or unspecified address, kept as it is
    dst: np.ndarray  # int64
    file: np.ndarray  # int64: number of the capture


class Corpus(NamedTuple):
    """Frames with what is needed to tile them."""

    frames: RealFrames
    files: int
    addresses: int
    span_us: np.ndarray  # per file
    tuples: int  # distinct 5-tuples, both directions as one


class _Parsed(NamedTuple):
    ip_at: int
    sum_at: int
    src: bytes
    dst: bytes
    pair: tuple


def corpus_files(corpus: Path) -> list[Path]:
    """Return the captures of the corpus that are candidates, sorted; empty when the corpus is absent."""
    found = (p for folder in FOLDERS for p in (corpus / folder).rglob("*") if p.suffix in _SUFFIXES)
    return sorted(p for p in found if p.is_file())


def read_corpus(corpus: Path, longest_us: int) -> Corpus | None:
    """Read the captures with two-way Ethernet traffic, slower ones sped up to last longest_us; None if there are none.

    A duplicate, an unreadable capture, another link type, and one in which less than 80 % of the frames belong to a
    two-way conversation are left out.
    """
    chosen, seen = [], set()
    for path in corpus_files(corpus):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in seen:
            seen.add(digest)
            frames = [(ts, frame, parse(frame)) for ts, frame in _read(path)]
            if len(frames) >= _FEWEST_FRAMES and _answered(frames) >= _ANSWERED_SHARE:
                chosen.append(frames)
    return _columns(chosen, longest_us) if chosen else None


def _read(path: Path) -> Iterator[tuple[float, bytes]]:
    """Yield the Ethernet frames of a capture, up to where it stops being readable."""
    with path.open("rb") as file:
        try:
            reader = dpkt.pcap.UniversalReader(file)
            if reader.datalink() == dpkt.pcap.DLT_EN10MB:
                yield from ((float(ts), bytes(frame)) for ts, frame in reader)
        except (ValueError, dpkt.Error, OSError, IndexError, KeyError):
            return


def parse(frame: bytes) -> _Parsed | None:
    """Find the addresses and the checksums that depend on them; None for what is not plain IP over Ethernet."""
    at = 12
    while frame[at : at + 2] in (b"\x81\x00", b"\x88\xa8"):
        at += 4
    kind, ip = frame[at : at + 2], at + 2
    if kind == b"\x08\x00" and len(frame) >= ip + 20 and frame[ip] >> 4 == 4 and frame[ip] & 15 >= 5:
        proto, transport = frame[ip + 9], ip + 4 * (frame[ip] & 15)
        src, dst = frame[ip + 12 : ip + 16], frame[ip + 16 : ip + 20]
        if frame[ip + 6] & 0x1F or frame[ip + 7]:
            return _Parsed(ip, 0, src, dst, (src, dst))
    elif kind == b"\x86\xdd" and len(frame) >= ip + 40 and frame[ip] >> 4 == 6:
        proto, transport = frame[ip + 6], ip + 40
        src, dst = frame[ip + 8 : ip + 24], frame[ip + 24 : ip + 40]
        if proto in (0, 43, 44, 60):  # extension headers: a routing header would change what the checksum covers
            return None
    else:
        return None
    ports = frame[transport : transport + 4] if proto in (6, 17) else b""
    pair = (proto, *sorted(((src, ports[:2]), (dst, ports[2:]))))
    return _Parsed(ip, _checksum_at(frame, ip, proto, transport), src, dst, pair)


def _checksum_at(frame: bytes, ip: int, proto: int, transport: int) -> int:
    """Return where the transport checksum stands, or 0 where there is none to mend."""
    at = transport + _TRANSPORT_CHECKSUM.get(proto, 1 << 20)
    whole = at + 2 <= len(frame)
    if not whole or (proto == 58 and frame[ip] >> 4 == 4) or (proto == 17 and frame[at : at + 2] == b"\0\0"):
        return 0
    return at


def _answered(frames: list) -> float:
    """Share of frames whose conversation has frames in both directions."""
    senders: dict[tuple, set[bytes]] = {}
    for _, _, parsed in frames:
        if parsed:
            senders.setdefault(parsed.pair, set()).add(parsed.src)
    return sum(bool(p) and len(senders[p.pair]) > 1 for _, _, p in frames) / len(frames)


def _is_group(address: bytes) -> bool:
    """Tell multicast, broadcast, loopback, link-local and unspecified addresses, which stay as they are."""
    if len(address) == 4:
        return address[0] in (0, 127) or address[0] >= 224 or address[:2] == b"\xa9\xfe"
    return address[0] == 0xFF or address[:2] == b"\xfe\x80" or not any(address[:10])


def _columns(chosen: list, longest_us: int) -> Corpus:
    """Lay the frames of all captures out in columns."""
    numbers: dict[tuple[int, bytes], int] = {}
    rows, spans, pairs = [], [], Counter()

    def number(file: int, address: bytes) -> int:
        return -1 if _is_group(address) else numbers.setdefault((file, address), len(numbers))

    for file, frames in enumerate(chosen):
        start = min(ts for ts, _, _ in frames)
        span = max((max(ts for ts, _, _ in frames) - start) * 1e6, 1.0)
        speed = min(1.0, longest_us / span)
        spans.append(int(span * speed) + 1)
        for ts, frame, parsed in frames:
            when = int((ts - start) * 1e6 * speed)
            if parsed:
                pairs[file, parsed.pair] += 1
                addresses = number(file, parsed.src), number(file, parsed.dst)
                rows.append((len(frame), when, parsed.ip_at, parsed.sum_at, *addresses, file))
            else:
                rows.append((len(frame), when, 0, 0, -1, -1, file))
    table = np.array(rows, np.int64).T
    data = np.frombuffer(bytearray().join(frame for frames in chosen for _, frame, _ in frames), np.uint8)
    real = RealFrames(data, np.cumsum(table[0]) - table[0], *table)
    settle(real)
    return Corpus(real, len(chosen), len(numbers), np.array(spans, np.int64), len(pairs))


@kernel
def settle(real):
    """Give whole packets the checksums they had on the wire: hosts that capture themselves leave them to the card."""
    data = real.data
    for f in range(real.at.size):
        ip = real.at[f] + real.ip_at[f]
        if real.ip_at[f] == 0:
            continue
        four = data[ip] >> 4 == 4
        head = 4 * (np.int64(data[ip]) & 15) if four else 40
        total = words(data, ip + 2, 2) if four else 40 + words(data, ip + 4, 2)
        proto = np.int64(data[ip + 9] if four else data[ip + 6])
        if four and ip + head <= real.at[f] + real.length[f]:
            put16(data, ip + 10, 0)
            put16(data, ip + 10, folded(sum16(data, ip, head)))
        whole = real.ip_at[f] + total <= real.length[f] and total > head and not (four and data[ip + 6] & 0x20)
        if real.sum_at[f] > 0 and whole:
            pseudo = (sum16(data, ip + 12, 8) if four else sum16(data, ip + 8, 32)) + proto + total - head
            at = real.at[f] + real.sum_at[f]
            put16(data, at, 0)
            value = folded(sum16(data, ip + head, total - head) + pseudo)
            put16(data, at, value if value > 0 or proto != 17 else 0xFFFF)


@kernel
def write_copies(out, at, index, copy, ts_us, real, addresses):
    """Write real frame index[i] of copy copy[i] as a pcap record at out[at[i]:], addresses moved, checksums mended."""
    for i in range(index.size):
        f = index[i]
        put_record(out, at[i], ts_us[i], real.length[f])
        o = at[i] + 16
        put_bytes(out, o, real.data[real.at[f] :], real.length[f])
        ip = o + real.ip_at[f]
        if real.ip_at[f] == 0:
            continue
        four = out[ip] >> 4 == 4
        change = 0
        if real.src[f] >= 0:
            change += move_address(out, ip + 12 if four else ip + 8, four, real.src[f], copy[i], addresses)
        if real.dst[f] >= 0:
            change += move_address(out, ip + 16 if four else ip + 24, four, real.dst[f], copy[i], addresses)
        if four:
            mend(out, ip + 10, change)
        if real.sum_at[f] > 0:
            mend(out, o + real.sum_at[f], change)


@kernel
def move_address(out, a, four, number, copy, addresses):
    """Overwrite an address with the one of this copy; return by how much the ones' complement sum grew."""
    size = 4 if four else 16
    before = words(out, a, size)
    if four:
        host = 0xC6120000 + (number + copy * addresses) % 131072
        for k in range(4):
            out[a + k] = (host >> (24 - 8 * k)) & 255
    else:
        out[a], out[a + 1], out[a + 2], out[a + 3] = 0x20, 0x01, 0x0D, 0xB8
        out[a + 4], out[a + 5] = 0xBE, copy & 255
        out[a + 6], out[a + 7] = (number >> 8) & 255, number & 255
    return words(out, a, size) - before


@kernel
def words(out, start, count):
    """Sum big-endian 16-bit words."""
    total = 0
    for k in range(start, start + count, 2):
        total += (np.int64(out[k]) << 8) + np.int64(out[k + 1])
    return total


@kernel
def mend(out, o, change):
    """Bring a checksum up to date after the summed words grew by change (RFC 1624, equation 3)."""
    old = (np.int64(out[o]) << 8) + np.int64(out[o + 1])
    total = 0xFFFF - old + change % 0xFFFF
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    new = 0xFFFF - total
    out[o] = new >> 8
    out[o + 1] = new & 255
