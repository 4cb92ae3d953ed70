"""Findings in memory: records in a table of fixed size, a hash table by key, a list of the quiet ones by age."""

from __future__ import annotations

import numpy as np

from columns.kernel import part

ENDPOINTS, INITIATOR, ZONE_PAIR = 0, 1, 2
"""Level of a finding."""

OPEN, PROGRESS, FLOW, FLOW_ENDED, CLOCK_BACK, SAID = 1, 2, 3, 4, 5, 6
"""Kind of an evidence row: a flow opens; its outcome changes; a flow row; its last; the event clock was set back; what
was said in a flow."""

STARTED, ONGOING, ENDED = 1, 2, 3

_COMMON = [
    ("flow_id", "u8"), ("packet_number", "u8"), ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"),
    ("dst_lo", "u8"), ("src_port", "u2"), ("dst_port", "u2"), ("vlan", "u2"), ("src_zone", "u2"), ("dst_zone", "u2"),
    ("conduit", "u2"), ("code", "u2"), ("proto", "u1"), ("verdict", "u1"), ("differs", "u2"), ("certainty", "u1"),
    ("outcome", "u1"), ("app", "u1"), ("src_mac", "u8"), ("text", "u4"), ("amount", "u8"),
    ("packets", "u8"), ("bytes", "u8"), ("start_ns", "i8"), ("end_ns", "i8"),
]
EVIDENCE = np.dtype([*_COMMON, ("clock_ns", "i8"), ("kind", "u1")])
"""One row of evidence; code 0 only tells more of a flow already known. CLOCK_BACK has the former clock in start_ns.
text is a number under which the detector keeps a text, amount the bytes of an hour."""

FINDING = np.dtype([
    *_COMMON, ("ts_ns", "i8"), ("first_clock_ns", "i8"), ("last_clock_ns", "i8"), ("events", "u8"),
    ("next_report", "u8"), ("serial", "u8"), ("hash", "u8"), ("children", "u4"), ("live", "u4"), ("revision", "u4"),
    ("parent", "i4"), ("before", "i4"), ("after", "i4"), ("level", "u1"), ("state", "u1"),
    ("established_certainty", "u1"),
])
WATCH = np.dtype([("flow_id", "u8"), ("serial", "u8"), ("finding", "i4"), ("certainty", "u1")])

(HEAD, TAIL, FREE, SERIAL, LIVE, LIVE_PEAK, WATCH_EVICTED, HELD_BACK, DROPPED, SEED, SCALARS) = range(11)


@part
def _mix(h, value):
    """Stir a number into a 32-bit hash; products stay below 2**64."""
    h = (h ^ (value & np.uint64(0xFFFFFFFF))) * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(15)) ^ (value >> np.uint64(32))) * np.uint64(0x85EBCA77) & np.uint64(0xFFFFFFFF)
    return h ^ (h >> np.uint64(13))


@part
def key(e, level):
    """Return (src_hi, src_lo, dst_hi, dst_lo, proto, port) of evidence at a level; zone n stands as the address ::n."""
    src_hi, src_lo, dst_hi, dst_lo = e["src_hi"], e["src_lo"], e["dst_hi"], e["dst_lo"]
    proto, port = np.uint64(e["proto"]), np.uint64(e["dst_port"])
    if level != ENDPOINTS:
        dst_hi, dst_lo, proto, port = np.uint64(0), np.uint64(e["dst_zone"]), np.uint64(0), np.uint64(0)
    if level == ZONE_PAIR:
        src_hi, src_lo = np.uint64(0), np.uint64(e["src_zone"])
    return src_hi, src_lo, dst_hi, dst_lo, proto, port


@part
def key_hash(seed, e, level):
    """Return the 32-bit hash of the key of evidence at a level."""
    src_hi, src_lo, dst_hi, dst_lo, proto, port = key(e, level)
    what = np.uint64(e["code"]) << np.uint64(34) | np.uint64(level) << np.uint64(32)
    h = _mix(seed, what | proto << np.uint64(16) | port)
    for value in (src_lo, dst_lo, src_hi, dst_hi):
        h = _mix(h, value)
    return h


@part
def lookup(findings, table, h, e, level):
    """Return the finding that evidence belongs to at a level, or -1."""
    src_hi, src_lo, dst_hi, dst_lo, proto, port = key(e, level)
    mask = table.size - 1
    at = np.int64(h) & mask
    while table[at] >= 0:
        r = findings[table[at]]
        if (r["hash"] == h and r["level"] == level and r["code"] == e["code"] and r["src_lo"] == src_lo
                and r["dst_lo"] == dst_lo and r["src_hi"] == src_hi and r["dst_hi"] == dst_hi
                and r["proto"] == proto and r["dst_port"] == port):
            return np.int64(table[at])
        at = (at + 1) & mask
    return np.int64(-1)


@part
def forget(findings, table, index):
    """Take a finding out of the hash table and close the gap behind it."""
    mask = table.size - 1
    hole = np.int64(findings[index]["hash"]) & mask
    while table[hole] != index:
        hole = (hole + 1) & mask
    at = hole
    while True:
        at = (at + 1) & mask
        if table[at] < 0:
            break
        home = np.int64(findings[table[at]]["hash"]) & mask
        if (at - home) & mask >= (at - hole) & mask:
            table[hole] = table[at]
            hole = at
    table[hole] = -1


@part
def unlink(findings, scalars, index):
    """Take a finding out of the list of quiet ones."""
    before, after = findings[index]["before"], findings[index]["after"]
    if before >= 0:
        findings[before]["after"] = after
    else:
        scalars[HEAD] = after
    if after >= 0:
        findings[after]["before"] = before
    else:
        scalars[TAIL] = before


@part
def append(findings, scalars, index):
    """Put a finding at the young end of the list of quiet ones."""
    tail = scalars[TAIL]
    findings[index]["before"], findings[index]["after"] = tail, -1
    if tail >= 0:
        findings[tail]["after"] = index
    else:
        scalars[HEAD] = index
    scalars[TAIL] = index


@part
def hold(findings, scalars, index):
    """Count one more open flow or finding that a finding waits for; while it waits it is in no list of quiet ones."""
    if findings[index]["live"] == 0:
        unlink(findings, scalars, index)
    findings[index]["live"] += 1


@part
def release(findings, scalars, index, clock_ns):
    """Take back one _hold; with the last one the finding begins to be quiet."""
    findings[index]["live"] -= 1
    if findings[index]["live"] == 0:
        findings[index]["last_clock_ns"] = clock_ns  # no earlier than that of any in the list, which stays in order
        append(findings, scalars, index)
