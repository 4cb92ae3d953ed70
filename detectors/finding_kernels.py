"""The kernel of findings: evidence rows in order, findings that start, escalate and end, revisions out."""

from __future__ import annotations

import numpy as np

from columns.codes import Outcome
from columns.kernel import kernel, part
from detectors.finding_table import (
    CLOCK_BACK,
    DROPPED,
    ENDED,
    ENDPOINTS,
    FLOW_ENDED,
    FREE,
    HEAD,
    HELD_BACK,
    LIVE,
    LIVE_PEAK,
    ONGOING,
    OPEN,
    SAID,
    SEED,
    SERIAL,
    STARTED,
    TAIL,
    WATCH_EVICTED,
    ZONE_PAIR,
    append,
    forget,
    hold,
    key,
    key_hash,
    lookup,
    release,
    unlink,
)

_ESTABLISHED = int(Outcome.ESTABLISHED)
_WAYS = 4
# What parts are given stands as int64, not as plain ints, each of which would be a type of its own (0005).
_NONE, _STARTED, _ONGOING, _ENDED = np.int64(0), np.int64(STARTED), np.int64(ONGOING), np.int64(ENDED)


@part
def _create(findings, table, free, scalars, e, h, level, parent):
    """Start a finding from its first evidence; the caller has made sure of a free slot."""
    scalars[FREE] -= 1
    index = np.int64(free[scalars[FREE]])
    r = findings[index]
    r["src_hi"], r["src_lo"], r["dst_hi"], r["dst_lo"], r["proto"], r["dst_port"] = key(e, level)
    r["src_port"], r["vlan"] = e["src_port"], e["vlan"]
    r["flow_id"], r["packet_number"] = e["flow_id"], e["packet_number"]
    r["code"], r["verdict"], r["conduit"], r["differs"] = e["code"], e["verdict"], e["conduit"], e["differs"]
    r["src_zone"], r["dst_zone"] = e["src_zone"], e["dst_zone"]
    r["app"], r["src_mac"], r["text"], r["amount"] = e["app"], e["src_mac"], e["text"], e["amount"]
    r["start_ns"], r["end_ns"] = e["start_ns"], e["start_ns"]
    r["certainty"], r["established_certainty"], r["outcome"], r["state"], r["next_report"] = 0, 0, 0, 0, 2
    r["packets"], r["bytes"], r["events"], r["children"], r["revision"], r["live"] = 0, 0, 0, 0, 0, 0
    r["hash"], r["level"], r["parent"] = h, level, parent
    r["first_clock_ns"], r["last_clock_ns"] = e["clock_ns"], e["clock_ns"]
    scalars[SERIAL] += 1
    r["serial"] = scalars[SERIAL]
    at = np.int64(h) & (table.size - 1)
    while table[at] >= 0:
        at = (at + 1) & (table.size - 1)
    table[at] = index
    append(findings, scalars, index)
    if parent >= 0:
        hold(findings, scalars, parent)
        findings[parent]["children"] += 1
    scalars[LIVE] += 1
    scalars[LIVE_PEAK] = max(scalars[LIVE_PEAK], scalars[LIVE])
    return index


@part
def _place(findings, table, free, scalars, limits, e):
    """Return the finding that takes this evidence, started if need be; -1 when not even its zone pair has room."""
    seed, index, level = np.uint64(scalars[SEED]), np.int64(-1), np.int64(ENDPOINTS)
    while level <= ZONE_PAIR:
        index = lookup(findings, table, key_hash(seed, e, level), e, level)
        if index >= 0:
            break
        level += 1
    while level > ENDPOINTS:
        level -= 1
        if level == ZONE_PAIR:
            if scalars[FREE] == 0:
                return index
        elif scalars[FREE] <= limits[3] or findings[index]["children"] >= limits[1 + level]:
            return index  # the last slots are left to zone pairs
        index = _create(findings, table, free, scalars, e, key_hash(seed, e, level), level, index)
    return index


@part
def _say(findings, index, ts_ns, state, out, n):
    """Copy a finding out as its next revision; return how many are out."""
    r = findings[index]
    r["revision"] += 1
    r["ts_ns"], r["state"] = ts_ns, state
    out[n] = r
    return n + 1


@kernel
def sweep(findings, table, free, scalars, limits, clock_ns, out, n):
    """End the findings that were quiet for the whole gap at an event time; return how many revisions are out."""
    while scalars[HEAD] >= 0 and findings[scalars[HEAD]]["last_clock_ns"] + limits[0] < clock_ns:
        index = scalars[HEAD]
        r = findings[index]
        quiet_ns = r["last_clock_ns"] + limits[0]
        if r["revision"] > 0:
            n = _say(findings, index, quiet_ns, _ENDED, out, n)
        forget(findings, table, index)
        unlink(findings, scalars, index)
        r["serial"] = 0  # flows followed for it are followed no longer
        free[scalars[FREE]] = index
        scalars[FREE] += 1
        scalars[LIVE] -= 1
        if r["parent"] >= 0:
            release(findings, scalars, np.int64(r["parent"]), quiet_ns)
    return n


@kernel
def drain(findings, table, free, scalars, limits, clock_ns, out, n):
    """End every finding at an event time; return how many revisions are out."""
    n = sweep(findings, table, free, scalars, limits, clock_ns, out, n)
    for index in range(findings.size):
        if findings[index]["serial"] != 0 and findings[index]["revision"] > 0:
            n = _say(findings, index, clock_ns, _ENDED, out, n)
        findings[index]["serial"] = 0
        free[index] = findings.size - 1 - index
    table[:] = -1
    scalars[HEAD], scalars[TAIL], scalars[FREE], scalars[LIVE] = -1, -1, findings.size, 0
    return n


@part
def _watched(watch, findings, flow_id):
    """Return where a flow is followed, or -1; an entry whose finding has ended is none."""
    first = np.int64(flow_id >> np.uint64(1)) % (watch.size // _WAYS) * _WAYS
    for at in range(first, first + _WAYS):
        w = watch[at]
        if w["flow_id"] == flow_id and w["flow_id"] != np.uint64(0):
            return at if findings[w["finding"]]["serial"] == w["serial"] else -1
    return -1


@part
def _unfollow(watch, findings, scalars, at, clock_ns):
    """Stop following a flow; its finding, if that is still open, waits for it no longer."""
    w = watch[at]
    if findings[w["finding"]]["serial"] == w["serial"]:
        release(findings, scalars, np.int64(w["finding"]), clock_ns)
    w["flow_id"] = 0


@part
def _follow(watch, findings, scalars, flow_id, index, certainty, clock_ns):
    """Follow a flow for its finding, which stays open for it; in a full set the flow followed longest gives way."""
    first = np.int64(flow_id >> np.uint64(1)) % (watch.size // _WAYS) * _WAYS
    at = first
    while at < first + _WAYS - 1 and watch[at]["flow_id"] != flow_id and watch[at]["flow_id"] != np.uint64(0):
        at += 1
    gone = watch[at]["flow_id"]
    if gone != np.uint64(0) and gone != flow_id:
        scalars[WATCH_EVICTED] += 1
    if gone != np.uint64(0):
        _unfollow(watch, findings, scalars, at, clock_ns)
    hold(findings, scalars, index)
    while at > first:
        watch[at]["flow_id"], watch[at]["serial"] = watch[at - 1]["flow_id"], watch[at - 1]["serial"]
        watch[at]["finding"], watch[at]["certainty"] = watch[at - 1]["finding"], watch[at - 1]["certainty"]
        at -= 1
    w = watch[first]
    w["flow_id"], w["serial"], w["finding"], w["certainty"] = flow_id, findings[index]["serial"], index, certainty


@part
def _add(findings, scalars, limits, index, e, certainty, fresh, out, n):
    """Add evidence to a finding, keep it awake, and say what is new; return how many revisions are out."""
    r = findings[index]
    r["certainty"] = max(r["certainty"], certainty)
    r["packets"] += e["packets"]
    r["bytes"] += e["bytes"]
    r["end_ns"] = max(r["end_ns"], e["end_ns"])
    r["amount"] = max(r["amount"], e["amount"])
    if fresh:
        r["events"] += np.uint64(1)
    escalates = False
    if e["outcome"] == _ESTABLISHED:
        escalates = r["outcome"] != _ESTABLISHED or certainty > r["established_certainty"]
        r["established_certainty"] = max(r["established_certainty"], certainty)
    r["outcome"] = max(r["outcome"], e["outcome"])
    r["last_clock_ns"] = e["clock_ns"]
    if r["live"] == 0:
        unlink(findings, scalars, index)
        append(findings, scalars, index)
    if r["level"] != ENDPOINTS and fresh:
        scalars[HELD_BACK] += 1
    first = r["revision"] == 0
    if first:
        r["start_ns"], r["flow_id"], r["packet_number"] = e["start_ns"], e["flow_id"], e["packet_number"]
    if not first and not escalates and (r["level"] == ENDPOINTS or r["events"] < r["next_report"]):
        return n
    r["next_report"] = 2 * r["events"]
    return _say(findings, index, e["end_ns"], _STARTED if first else _ONGOING, out, n)


@kernel
def take_evidence(evidence, findings, table, free, watch, scalars, limits, out):
    """Take evidence rows in order and write the revisions that come of them to out; return how many."""
    n = _NONE
    for i in range(evidence.size):
        e = evidence[i]
        kind, flow_id = e["kind"], e["flow_id"]
        if kind == CLOCK_BACK:
            n = drain(findings, table, free, scalars, limits, e["start_ns"], out, n)
            continue
        n = sweep(findings, table, free, scalars, limits, e["clock_ns"], out, n)
        at = _watched(watch, findings, flow_id) if kind != OPEN else np.int64(-1)
        if kind == SAID and at >= 0 and findings[watch[at]["finding"]]["code"] != e["code"]:
            at = np.int64(-1)  # what is said is another finding than that the flow is there
        index, certainty = np.int64(-1), e["certainty"]
        if at >= 0:
            index, certainty = np.int64(watch[at]["finding"]), max(watch[at]["certainty"], e["certainty"])
            n = _add(findings, scalars, limits, index, e, certainty, at < 0, out, n)
        elif e["code"] != 0:
            index = _place(findings, table, free, scalars, limits, e)
            if index < 0:
                scalars[DROPPED] += 1
                continue
            n = _add(findings, scalars, limits, index, e, certainty, at < 0, out, n)
            if kind != FLOW_ENDED:
                _follow(watch, findings, scalars, flow_id, index, certainty, e["clock_ns"])
        if at >= 0 and kind == FLOW_ENDED:
            _unfollow(watch, findings, scalars, at, e["clock_ns"])
    return n
