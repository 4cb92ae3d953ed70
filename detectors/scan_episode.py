"""Episodes: a scan begins, grows, finds something open, falls silent; each change worth telling is copied out."""

from __future__ import annotations

import numpy as np

from columns.codes import AlertState
from columns.kernel import kernel, part
from detectors.scan_state import (
    ACTIVE,
    CLOCK,
    DEADLINE,
    EXAMPLES,
    HALF_OPEN,
    N_EPISODES,
    N_EVICTED_EPISODES,
    NEVER,
    NO_ADDRESS,
    PORTS,
    REGISTERS,
    SERIAL,
    SILENT,
    SLOW,
    SUCCEEDED,
    TOLD,
)
from detectors.tables import FREE, USED, claim, find, hash_key, mix, sketch_add

_STARTED, _ONGOING, _ENDED = int(AlertState.STARTED), int(AlertState.ONGOING), int(AlertState.ENDED)
_DECADE = 10
_FIRST = np.int64(0)


@part
def episode_key(c, kind):
    """Return the last two words of the key of an episode: the target host if it is of ports, else the kind."""
    if kind == PORTS:
        return c["dst_hi"], c["dst_lo"]
    return NO_ADDRESS, np.uint64(kind)


@part
def find_episode(episodes, salts, c, kind):
    """Return the slot of the episode of a contact's source that is of a kind, or -1."""
    k2, k3 = episode_key(c, kind)
    h = hash_key(salts, c["src_hi"], c["src_lo"], k2, k3)
    return find(episodes, _FIRST, episodes.tags.size, h, c["src_hi"], c["src_lo"], k2, k3)


@part
def tell(e, told, scalars, what, ts):
    """Copy an episode out as it stands."""
    e["what"], e["ts_ns"] = what, ts
    e["revision"] += 1
    told[scalars[TOLD]] = e
    scalars[TOLD] += 1


@part
def end_episode(episodes, told, scalars, slot, ts):
    """Tell the end of an episode and free its slot."""
    tell(episodes.records[slot], told, scalars, _ENDED, ts)
    episodes.records[slot]["state"] = FREE
    scalars[ACTIVE] -= 1


@part
def begin_episode(episodes, told, scalars, counts, salts, c, kind):
    """Return the slot of a new, empty episode; the one longest silent gives way where there is no room."""
    k2, k3 = episode_key(c, kind)
    slot = claim(episodes, _FIRST, episodes.tags.size, hash_key(salts, c["src_hi"], c["src_lo"], k2, k3), c["clock"])
    e = episodes.records[slot]
    if e["state"] != FREE:
        counts[N_EVICTED_EPISODES] += 1
        end_episode(episodes, told, scalars, slot, c["clock"])
    scalars[SERIAL] += 1
    scalars[ACTIVE] += 1
    counts[N_EPISODES] += 1
    e["k0"], e["k1"], e["k2"], e["k3"] = c["src_hi"], c["src_lo"], k2, k3
    e["state"], e["stamp"], e["weight"], e["serial"], e["kind"] = USED, c["clock"], 0, scalars[SERIAL], kind
    e["revision"], e["told_open"], e["silent"], e["opened"], e["established"] = 0, 0, 0, 0, 0
    e["port_count"], e["open_count"], e["next_told"], e["peak"] = 0, 0, 0, 0.0
    e["proto"], e["port"] = c["proto"], c["port"]
    for k in range(REGISTERS):
        e["sketch"][k] = 0
    return slot


@part
def note_port(e, port):
    """Keep a port as an example, if it is not one already."""
    for k in range(e["port_count"]):
        if e["ports"][k] == port:
            return
    if e["port_count"] < EXAMPLES:
        e["ports"][e["port_count"]] = port
        e["port_count"] += 1


@part
def note_open(e, port):
    """Keep a port that answered as an example."""
    for k in range(e["open_count"]):
        if e["open_ports"][k] == port:
            return
    if e["open_count"] < EXAMPLES:
        e["open_ports"][e["open_count"]] = port
        e["open_count"] += 1


@part
def note_target(e, c, mark):
    """Count the target of a contact, known by its fingerprint, in an episode."""
    sketch_add(e, REGISTERS, mix(np.uint64(mark)))
    note_port(e, c["port"])
    result = c["result"]
    if result == SUCCEEDED or result == HALF_OPEN:
        e["opened"] += 1
        e["established"] += result == SUCCEEDED
        note_open(e, c["port"])
    if result != SUCCEEDED:
        e["weight"] += 1
        e["silent"] += result == SILENT


@part
def news_of(e, clock, measured):
    """Take note of new evidence; return what is worth telling: the start, tenfold growth, a first answer, or 0."""
    e["stamp"] = clock
    if measured > e["peak"] or e["revision"] == 0:
        e["peak"], e["peak_ns"] = measured, clock
    e["measured"] = measured
    what = 0
    if e["revision"] == 0:
        what = _STARTED
    elif e["weight"] >= e["next_told"] or (e["opened"] > 0 and e["told_open"] == 0):
        what = _ONGOING
    if what == _STARTED or e["weight"] >= e["next_told"]:
        e["next_told"] = _DECADE * e["weight"]
    e["told_open"] = e["opened"] > 0
    return what


@part
def touch(e, told, scalars, clock, measured, quiet_ns):
    """Take note of new evidence, and tell it where it is worth telling."""
    scalars[DEADLINE] = min(scalars[DEADLINE], clock + quiet_ns)
    what = news_of(e, clock, measured)
    if what:
        tell(e, told, scalars, what, clock)


@kernel
def end_quiet(episodes, told, scalars, until, quiet_ns, slow_quiet_ns):
    """End the episodes whose quiet gap is over at until; return True if all was done, False if told is full."""
    deadline = NEVER
    for slot in range(episodes.tags.size):
        e = episodes.records[slot]
        if e["state"] == FREE:
            continue
        over = e["stamp"] + (slow_quiet_ns if e["kind"] == SLOW else quiet_ns)
        if over > until:
            deadline = min(deadline, over)
            continue
        if scalars[TOLD] >= told.size:
            return False
        end_episode(episodes, told, scalars, slot, min(over, scalars[CLOCK]))
    scalars[DEADLINE] = deadline
    return True
