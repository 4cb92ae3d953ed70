"""The kernel of findings: evidence rows in order, findings in a bounded table, revisions out."""

from __future__ import annotations

import numpy as np

from columns.codes import Outcome
from columns.kernel import kernel

ENDPOINTS, INITIATOR, ZONE_PAIR = 0, 1, 2
"""Level of a finding."""

OPEN, PROGRESS, FLOW, FLOW_ENDED, CLOCK_BACK = 1, 2, 3, 4, 5
"""Kind of an evidence row: a flow opens; its outcome changes; a flow row; its last; the event clock was set back."""

STARTED, ONGOING, ENDED = 1, 2, 3

_COMMON = [
    ("flow_id", "u8"), ("packet_number", "u8"), ("src_hi", "u8"), ("src_lo", "u8"), ("dst_hi", "u8"),
    ("dst_lo", "u8"), ("src_port", "u2"), ("dst_port", "u2"), ("vlan", "u2"), ("src_zone", "u2"), ("dst_zone", "u2"),
    ("conduit", "u2"), ("code", "u2"), ("proto", "u1"), ("verdict", "u1"), ("differs", "u1"), ("certainty", "u1"),
    ("outcome", "u1"), ("packets", "u8"), ("bytes", "u8"), ("start_ns", "i8"), ("end_ns", "i8"),
]
EVIDENCE = np.dtype([*_COMMON, ("clock_ns", "i8"), ("kind", "u1")])
"""One row of evidence; code 0 only tells more of a flow already known. CLOCK_BACK has the former clock in start_ns."""

FINDING = np.dtype([
    *_COMMON, ("ts_ns", "i8"), ("last_clock_ns", "i8"), ("events", "u8"), ("next_report", "u8"), ("serial", "u8"),
    ("hash", "u8"), ("children", "u4"), ("revision", "u4"), ("parent", "i4"), ("before", "i4"), ("after", "i4"),
    ("level", "u1"), ("state", "u1"), ("established_certainty", "u1"),
])
WATCH = np.dtype([("flow_id", "u8"), ("serial", "u8"), ("finding", "i4"), ("certainty", "u1")])
_WAYS = 4

(HEAD, TAIL, FREE, SERIAL, LIVE, LIVE_PEAK, WATCH_EVICTED, HELD_BACK, DROPPED, SEED, SCALARS) = range(11)
_ESTABLISHED = int(Outcome.ESTABLISHED)


@kernel
def _mix(h, value):
    """Stir a number into a 32-bit hash; products stay below 2**64."""
    h = (h ^ (value & np.uint64(0xFFFFFFFF))) * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFFFF)
    h = (h ^ (h >> np.uint64(15)) ^ (value >> np.uint64(32))) * np.uint64(0x85EBCA77) & np.uint64(0xFFFFFFFF)
    return h ^ (h >> np.uint64(13))


@kernel
def _key_hash(seed, level, code, src_hi, src_lo, dst_hi, dst_lo, proto, port):
    what = np.uint64(code) << np.uint64(34) | np.uint64(level) << np.uint64(32)
    h = _mix(seed, what | np.uint64(proto) << np.uint64(16) | np.uint64(port))
    return _mix(_mix(_mix(_mix(h, src_lo), dst_lo), src_hi), dst_hi)


@kernel
def _lookup(findings, table, h, level, code, src_hi, src_lo, dst_hi, dst_lo, proto, port):
    """Return the finding of a key, or -1."""
    mask = table.size - 1
    at = np.int64(h) & mask
    while table[at] >= 0:
        r = findings[table[at]]
        if (r["hash"] == h and r["level"] == level and r["code"] == code and r["src_lo"] == src_lo
                and r["dst_lo"] == dst_lo and r["src_hi"] == src_hi and r["dst_hi"] == dst_hi
                and r["proto"] == proto and r["dst_port"] == port):
            return np.int64(table[at])
        at = (at + 1) & mask
    return np.int64(-1)


@kernel
def _forget(findings, table, index):
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


@kernel
def _unlink(findings, scalars, index):
    before, after = findings[index]["before"], findings[index]["after"]
    if before >= 0:
        findings[before]["after"] = after
    else:
        scalars[HEAD] = after
    if after >= 0:
        findings[after]["before"] = before
    else:
        scalars[TAIL] = before


@kernel
def _append(findings, scalars, index):
    tail = scalars[TAIL]
    findings[index]["before"], findings[index]["after"] = tail, -1
    if tail >= 0:
        findings[tail]["after"] = index
    else:
        scalars[HEAD] = index
    scalars[TAIL] = index


@kernel
def _create(findings, table, free, scalars, e, h, level, src_hi, src_lo, dst_hi, dst_lo, proto, port, parent):
    """Start a finding from its first evidence; the caller has made sure of a free slot."""
    scalars[FREE] -= 1
    index = free[scalars[FREE]]
    r = findings[index]
    r["src_hi"], r["src_lo"], r["dst_hi"], r["dst_lo"] = src_hi, src_lo, dst_hi, dst_lo
    r["proto"], r["dst_port"], r["src_port"], r["vlan"] = proto, port, e["src_port"], e["vlan"]
    r["flow_id"], r["packet_number"] = e["flow_id"], e["packet_number"]
    r["code"], r["verdict"] = e["code"], e["verdict"]
    r["src_zone"], r["dst_zone"], r["conduit"], r["differs"] = e["src_zone"], e["dst_zone"], e["conduit"], e["differs"]
    r["certainty"], r["established_certainty"], r["outcome"] = 0, 0, 0
    r["packets"], r["bytes"], r["events"], r["children"], r["revision"] = 0, 0, 0, 0, 0
    r["start_ns"], r["end_ns"], r["ts_ns"], r["next_report"] = e["start_ns"], e["start_ns"], e["start_ns"], 0
    r["hash"], r["level"], r["parent"], r["state"] = h, level, parent, 0
    scalars[SERIAL] += 1
    r["serial"] = scalars[SERIAL]
    at = np.int64(h) & (table.size - 1)
    while table[at] >= 0:
        at = (at + 1) & (table.size - 1)
    table[at] = index
    _append(findings, scalars, index)
    scalars[LIVE] += 1
    scalars[LIVE_PEAK] = max(scalars[LIVE_PEAK], scalars[LIVE])
    return np.int64(index)


@kernel
def _place(findings, table, free, scalars, limits, e):
    """Return the finding that takes this evidence, started if need be; -1 when not even its zone pair has room."""
    code, zero, seed = e["code"], np.uint64(0), np.uint64(scalars[SEED])
    src_hi, src_lo, dst_hi, dst_lo = e["src_hi"], e["src_lo"], e["dst_hi"], e["dst_lo"]
    proto, port = np.int64(e["proto"]), np.int64(e["dst_port"])
    h = _key_hash(seed, ENDPOINTS, code, src_hi, src_lo, dst_hi, dst_lo, proto, port)
    index = _lookup(findings, table, h, ENDPOINTS, code, src_hi, src_lo, dst_hi, dst_lo, proto, port)
    if index >= 0:
        return index
    from_zone, to_zone = np.uint64(e["src_zone"]), np.uint64(e["dst_zone"])
    ph = _key_hash(seed, ZONE_PAIR, code, zero, from_zone, zero, to_zone, 0, 0)
    pair = _lookup(findings, table, ph, ZONE_PAIR, code, zero, from_zone, zero, to_zone, 0, 0)
    if pair < 0:
        if scalars[FREE] == 0:
            return np.int64(-1)
        pair = _create(findings, table, free, scalars, e, ph, ZONE_PAIR, zero, from_zone, zero, to_zone, 0, 0, -1)
    ih = _key_hash(seed, INITIATOR, code, src_hi, src_lo, zero, to_zone, 0, 0)
    initiator = _lookup(findings, table, ih, INITIATOR, code, src_hi, src_lo, zero, to_zone, 0, 0)
    room = scalars[FREE] > limits[3]  # the last slots are left to zone pairs
    if initiator < 0:
        if not room or findings[pair]["children"] >= limits[2]:
            return pair
        findings[pair]["children"] += 1
        initiator = _create(findings, table, free, scalars, e, ih, INITIATOR, src_hi, src_lo, zero, to_zone, 0, 0, pair)
    if not room or findings[initiator]["children"] >= limits[1]:
        return initiator
    findings[initiator]["children"] += 1
    return _create(findings, table, free, scalars, e, h, ENDPOINTS, src_hi, src_lo, dst_hi, dst_lo, proto, port,
                   initiator)


@kernel
def _say(findings, index, ts_ns, state, out, n):
    """Copy a finding out as its next revision; return how many are out."""
    r = findings[index]
    r["revision"] += 1
    r["ts_ns"], r["state"] = ts_ns, state
    out[n] = r
    return n + 1


@kernel
def _end_oldest(findings, table, free, scalars, ts_ns, out, n):
    index = scalars[HEAD]
    if findings[index]["revision"] > 0:
        n = _say(findings, index, ts_ns, ENDED, out, n)
    _forget(findings, table, index)
    _unlink(findings, scalars, index)
    findings[index]["serial"] = 0  # flows followed for it are followed no longer
    free[scalars[FREE]] = index
    scalars[FREE] += 1
    scalars[LIVE] -= 1
    return n


@kernel
def sweep(findings, table, free, scalars, limits, clock_ns, everything, out, n):
    """End the findings that were quiet for the whole gap at an event time, or everything that is open then; return
    how many revisions are out."""
    while scalars[HEAD] >= 0:
        quiet_ns = findings[scalars[HEAD]]["last_clock_ns"] + limits[0]
        if quiet_ns >= clock_ns and not everything:
            break
        n = _end_oldest(findings, table, free, scalars, min(quiet_ns, clock_ns), out, n)
    return n


@kernel
def _watched(watch, findings, flow_id):
    """Return where a flow is followed, or -1; an entry whose finding has ended is none."""
    first = np.int64(flow_id >> np.uint64(1)) % (watch.size // _WAYS) * _WAYS
    for at in range(first, first + _WAYS):
        w = watch[at]
        if w["flow_id"] == flow_id and w["flow_id"] != np.uint64(0):
            return at if findings[w["finding"]]["serial"] == w["serial"] else -1
    return -1


@kernel
def _follow(watch, findings, scalars, flow_id, index, certainty):
    """Follow a flow for its finding; in a full set the flow followed longest gives way."""
    first = np.int64(flow_id >> np.uint64(1)) % (watch.size // _WAYS) * _WAYS
    at = first
    while at < first + _WAYS - 1 and watch[at]["flow_id"] != flow_id and watch[at]["flow_id"] != np.uint64(0):
        at += 1
    gone = watch[at]["flow_id"]
    if gone != np.uint64(0) and gone != flow_id:
        scalars[WATCH_EVICTED] += 1
    while at > first:
        watch[at]["flow_id"], watch[at]["serial"] = watch[at - 1]["flow_id"], watch[at - 1]["serial"]
        watch[at]["finding"], watch[at]["certainty"] = watch[at - 1]["finding"], watch[at - 1]["certainty"]
        at -= 1
    w = watch[first]
    w["flow_id"], w["serial"], w["finding"], w["certainty"] = flow_id, findings[index]["serial"], index, certainty


@kernel
def _add(findings, scalars, limits, index, e, certainty, fresh, out, n):
    """Add evidence to a finding, keep it and what it belongs to awake, and say what is new; return revisions out."""
    r = findings[index]
    r["certainty"] = max(r["certainty"], certainty)
    r["packets"] += e["packets"]
    r["bytes"] += e["bytes"]
    r["end_ns"] = max(r["end_ns"], e["end_ns"])
    if fresh:
        r["events"] += np.uint64(1)
    escalates = False
    if e["outcome"] == _ESTABLISHED:
        escalates = r["outcome"] != _ESTABLISHED or certainty > r["established_certainty"]
        r["established_certainty"] = max(r["established_certainty"], certainty)
    r["outcome"] = max(r["outcome"], e["outcome"])
    awake = index
    while awake >= 0:
        findings[awake]["last_clock_ns"] = e["clock_ns"]
        _unlink(findings, scalars, awake)
        _append(findings, scalars, awake)
        awake = findings[awake]["parent"]
    if r["level"] != ENDPOINTS and fresh:
        scalars[HELD_BACK] += 1
    if r["revision"] == 0:
        r["next_report"] = 2
        r["start_ns"], r["flow_id"], r["packet_number"] = e["start_ns"], e["flow_id"], e["packet_number"]
        return _say(findings, index, e["end_ns"], STARTED, out, n)
    if escalates or (r["level"] != ENDPOINTS and r["events"] >= r["next_report"]):
        r["next_report"] = 2 * max(r["events"], np.uint64(1))
        return _say(findings, index, e["end_ns"], ONGOING, out, n)
    return n


@kernel
def take_evidence(evidence, findings, table, free, watch, scalars, limits, out):
    """Take evidence rows in order and write the revisions that come of them to out; return how many."""
    n = 0
    for i in range(evidence.size):
        e = evidence[i]
        kind, flow_id = e["kind"], e["flow_id"]
        if kind == CLOCK_BACK:
            n = sweep(findings, table, free, scalars, limits, e["start_ns"], True, out, n)
            continue
        n = sweep(findings, table, free, scalars, limits, e["clock_ns"], False, out, n)
        at = _watched(watch, findings, flow_id) if kind != OPEN else np.int64(-1)
        index, certainty = np.int64(-1), e["certainty"]
        if at >= 0:
            index, certainty = np.int64(watch[at]["finding"]), max(watch[at]["certainty"], e["certainty"])
            n = _add(findings, scalars, limits, index, e, certainty, False, out, n)
        elif e["code"] != 0:
            index = _place(findings, table, free, scalars, limits, e)
            if index < 0:
                scalars[DROPPED] += 1
                continue
            n = _add(findings, scalars, limits, index, e, certainty, True, out, n)
            if kind != FLOW_ENDED:
                _follow(watch, findings, scalars, flow_id, index, certainty)
        if at >= 0 and kind == FLOW_ENDED:
            watch[at]["flow_id"] = np.uint64(0)
    return n
