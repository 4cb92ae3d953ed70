"""The judgement of contacts: a source asked a service of a host, and it succeeded, failed, or stayed silent."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel, part
from detectors.scan_episode import begin_episode, find_episode, note_open, note_target, touch
from detectors.scan_state import (
    ACTIVE,
    DEADLINE,
    FAILED,
    HALF_OPEN,
    N_ABSORBED,
    N_BENIGN,
    N_EVICTED_SLOW,
    N_EVICTED_WALKS,
    NO_ADDRESS,
    PLANES,
    PORTS,
    REGISTERS,
    SILENT,
    SLOW,
    SLOW_BITS,
    SUCCEEDED,
    SWEEP,
    TOLD,
    TOLD_ROOM,
)
from detectors.tables import (
    FREE,
    SEEN_EXACTLY,
    USED,
    claim,
    count_of_bits,
    fetch_record,
    fetch_tags,
    find,
    hash_key,
    mark_of,
    mix,
    see_first,
    sketch_add,
)

_WORDS = SLOW_BITS // 32
_FIRST = np.int64(0)
_AHEAD, _NEAR, _WALK_LINES = 16, 8, 3
"""Contacts by which tags and records are asked for early; what a test is known by and has seen is in three lines."""


@part
def restart(r):
    """Begin a test anew, with nothing seen."""
    forget_steps(r)
    r["known"], r["serial"] = 0, 0


@part
def forget_steps(r):
    """Begin the walk anew; what was seen stays seen."""
    r["walk"], r["weight"], r["succeeded"], r["opened"] = 0.0, 0, 0, 0


@part
def fill_walk(r, k0, k1, k2, k3, clock):
    """Make a new test of a record."""
    r["k0"], r["k1"], r["k2"], r["k3"], r["state"], r["stamp"] = k0, k1, k2, k3, USED, clock
    restart(r)


@part
def step(r, c, up, down, benign):
    """Take one first contact: a step of the random walk (Jung et al. 2004); return True if it ended in "benign"."""
    result = c["result"]
    if result == SUCCEEDED or result == HALF_OPEN:
        r["opened"] += 1
        if r["opened"] == 1:
            r["open_port"] = c["port"]
    if result == SUCCEEDED:
        r["walk"] += down
        r["succeeded"] += 1
    else:
        if r["weight"] == 0 or c["began_ns"] < r["first_ns"]:  # flow rows come in the order of their ends
            r["first_ns"], r["packet_number"], r["flow_id"] = c["began_ns"], c["packet_number"], c["flow_id"]
        r["walk"] += up
        r["weight"] += 1
    if r["serial"] == 0 and r["walk"] <= benign:
        forget_steps(r)
        return True
    return False


@part
def join(e, r, c, threshold):
    """Make a test that crossed the bound part of an episode; the contact at hand is counted by the caller."""
    if e["revision"] == 0 and e["weight"] == 0:
        e["start_ns"], e["packet_number"], e["flow_id"] = r["first_ns"], r["packet_number"], r["flow_id"]
        e["threshold"] = threshold
    r["serial"] = e["serial"]
    for k in range(min(r["known"], SEEN_EXACTLY)):
        sketch_add(e, REGISTERS, mix(np.uint64(r["seen"][k])))
    e["weight"] += r["weight"] - 1
    earlier = r["opened"] - (1 if c["result"] == HALF_OPEN else 0)
    e["opened"] += earlier
    e["established"] += r["succeeded"]
    if earlier > 0:
        note_open(e, r["open_port"])


@part
def turn_half(r, clock, half_ns):
    """Move a slow source to the half window of clock: this half becomes the one before."""
    if clock - r["turned_ns"] < half_ns:
        return
    again = clock - r["turned_ns"] < 2 * half_ns
    for plane in range(PLANES):
        r["ones"][PLANES + plane] = r["ones"][plane] if again else 0
        r["ones"][plane] = 0
        for w in range(_WORDS):
            r["bits"][(PLANES + plane) * _WORDS + w] = r["bits"][plane * _WORDS + w] if again else 0
            r["bits"][plane * _WORDS + w] = 0
    r["turned_ns"] = r["turned_ns"] + half_ns if again else clock


@part
def note_slow(r, plane, mark):
    """Note a service by its outcome; return True if the window did not know it with this outcome."""
    bit = np.int64(mark) % SLOW_BITS
    word, mask = plane * _WORDS + bit // 32, np.uint32(1) << np.uint32(bit % 32)
    if r["bits"][word] & mask:
        return False
    r["bits"][word] |= mask
    r["ones"][plane] += 1
    if r["bits"][PLANES * _WORDS + word] & mask:
        return False
    r["ones"][PLANES + plane] += 1
    return True


@part
def fill_slow(r, c):
    """Make a slow source of a record."""
    zero, clock = np.uint64(0), c["clock"]
    r["k0"], r["k1"], r["k2"], r["k3"], r["state"], r["weight"] = c["src_hi"], c["src_lo"], zero, zero, USED, 0
    r["turned_ns"], r["first_ns"], r["stamp"] = clock, c["began_ns"], clock
    r["packet_number"], r["flow_id"] = c["packet_number"], c["flow_id"]
    for k in range(2 * PLANES):
        r["ones"][k] = 0
    for k in range(2 * PLANES * _WORDS):
        r["bits"][k] = 0


@part
def slow_step(r, c, mark, half_ns):
    """Note a service under its outcome; return True if it is a new one that was not reached."""
    turn_half(r, c["clock"], half_ns)
    r["stamp"] = c["clock"]
    result = c["result"]
    if not note_slow(r, FAILED if result == HALF_OPEN else result, mark) or result == SUCCEEDED:
        return False
    r["weight"] = r["ones"][PLANES + FAILED] + r["ones"][PLANES + SILENT]
    return True


@part
def slow_missed(r, result):
    """Return about how many services a slow source did not reach (silent ones apart), and what share of all that is."""
    missed = count_of_bits(r["ones"][PLANES + (SILENT if result == SILENT else FAILED)], SLOW_BITS)
    return missed, missed / (missed + count_of_bits(r["ones"][PLANES + SUCCEEDED], SLOW_BITS))


@part
def judge_slow(slows, episodes, told, scalars, counts, rules, c):
    """Count the distinct services that a source failed to reach within the long window."""
    zero = np.uint64(0)
    h = c["source_hash"]
    slot = find(slows, _FIRST, slows.tags.size, h, c["src_hi"], c["src_lo"], zero, zero)
    if slot < 0:
        if c["result"] == SUCCEEDED:
            return
        stale_before = c["clock"] - 2 * rules.half_window_ns
        slot = claim(slows, _FIRST, slows.tags.size, h, stale_before)
        if slows.records[slot]["state"] != FREE and slows.records[slot]["stamp"] >= stale_before:
            counts[N_EVICTED_SLOW] += 1
        fill_slow(slows.records[slot], c)
    r = slows.records[slot]
    service = np.uint64(c["proto"]) << np.uint64(16) | np.uint64(c["port"])
    mark = mark_of(hash_key(rules.salts, c["dst_hi"], c["dst_lo"], service, zero))
    if not slow_step(r, c, mark, rules.half_window_ns):
        return
    missed, share = slow_missed(r, c["result"])
    limit = rules.slow_silent if c["result"] == SILENT else rules.slow_targets
    slot = find_episode(episodes, rules.salts, c, SLOW) if scalars[ACTIVE] > 0 else np.int64(-1)
    if slot < 0:
        if missed + 0.5 < limit or share < rules.slow_share:
            return
        slot = begin_episode(episodes, told, scalars, counts, rules.salts, c, SLOW)
        e = episodes.records[slot]
        e["start_ns"], e["packet_number"], e["flow_id"] = r["first_ns"], r["packet_number"], r["flow_id"]
        e["threshold"], e["weight"] = limit, np.int64(missed + 0.5) - 1
        e["silent"] = e["weight"] if c["result"] == SILENT else 0
    e = episodes.records[slot]
    note_target(e, c, mark)
    touch(e, told, scalars, c["clock"], max(missed, e["weight"] * 1.0), rules.slow_quiet_ns)


@part
def test_key(c, kind):
    """Return the last two words of the key of a test, and the two words that name the target in it."""
    service = np.uint64(c["proto"]) << np.uint64(16) | np.uint64(c["port"])
    if kind == SWEEP:
        return NO_ADDRESS, service, c["dst_hi"], c["dst_lo"]
    return c["dst_hi"], c["dst_lo"], service, np.uint64(0)


@part
def prepare(c, walks, slows, salts):
    """Work out the hashes of a contact that is some way ahead, and ask for the tags that it will need."""
    zero, service = np.uint64(0), np.uint64(c["proto"]) << np.uint64(16) | np.uint64(c["port"])
    c["sweep_hash"] = hash_key(salts, c["src_hi"], c["src_lo"], NO_ADDRESS, service)
    c["ports_hash"] = hash_key(salts, c["src_hi"], c["src_lo"], c["dst_hi"], c["dst_lo"])
    c["source_hash"] = hash_key(salts, c["src_hi"], c["src_lo"], zero, zero)
    fetch_tags(walks, _FIRST, walks.tags.size, c["sweep_hash"])
    fetch_tags(walks, _FIRST, walks.tags.size, c["ports_hash"])
    fetch_tags(slows, _FIRST, slows.tags.size, c["source_hash"])


@kernel
def judge_contacts(contacts, k, n, walks, slows, episodes, told, scalars, counts, rules):
    """Judge contacts from k up to n; return the next one: less than n where an episode may be over or told is full.

    Each contact is a step in two tests of its source, if its target is new there: of the service (targets are hosts)
    and of the host (targets are services, created by a failure). What no episode tells of counts as slow.
    """
    none, zero = np.int64(-1), np.uint64(0)
    for ahead in range(k, min(k + _AHEAD, n)):
        prepare(contacts[ahead], walks, slows, rules.salts)
    while k < n:
        c = contacts[k]
        clock = c["clock"]
        if clock >= scalars[DEADLINE] or scalars[TOLD] + TOLD_ROOM > told.size:
            return k
        if k + _AHEAD < n:
            prepare(contacts[k + _AHEAD], walks, slows, rules.salts)
        if k + _NEAR < n:
            fetch_record(walks, _FIRST, walks.tags.size, contacts[k + _NEAR]["sweep_hash"], _WALK_LINES)
        k += 1
        stale_before, failed, is_told = clock - rules.forget_ns, c["result"] != SUCCEEDED, False
        sweeping = failed and scalars[ACTIVE] > 0 and find_episode(episodes, rules.salts, c, SWEEP) >= 0
        for kind in range(PORTS + 1 if c["result"] != SILENT else 0):
            k2, k3, m0, m1 = test_key(c, kind)
            h = c["sweep_hash"] if kind == SWEEP else c["ports_hash"]
            slot = find(walks, _FIRST, walks.tags.size, h, c["src_hi"], c["src_lo"], k2, k3)
            if slot < 0:
                if kind == PORTS and (not failed or sweeping or c["port"] == 0):
                    continue
                slot = claim(walks, _FIRST, walks.tags.size, h, stale_before)
                if walks.records[slot]["state"] != FREE and walks.records[slot]["stamp"] >= stale_before:
                    counts[N_EVICTED_WALKS] += 1
                fill_walk(walks.records[slot], c["src_hi"], c["src_lo"], k2, k3, clock)
            r, at = walks.records[slot], none
            if r["stamp"] < stale_before:
                restart(r)
            r["stamp"] = clock
            if r["serial"]:
                at = find_episode(episodes, rules.salts, c, kind) if scalars[ACTIVE] > 0 else none
                if at < 0 or episodes.records[at]["serial"] != r["serial"]:
                    at = none
                    restart(r)  # that episode is over
            mark = mark_of(hash_key(rules.salts, m0, m1, zero, zero))
            if not see_first(r, mark):
                if at >= 0:
                    # it may be a new target that only shares its bit with another
                    sketch_add(episodes.records[at], REGISTERS, mix(np.uint64(mark)))
                    is_told = True
                continue
            counts[N_BENIGN] += step(r, c, rules.up, rules.down, rules.benign)
            if at < 0:
                least = rules.min_hosts if kind == SWEEP else rules.min_ports
                if not failed or r["walk"] < rules.scanner or r["weight"] < least:
                    continue
                if kind == PORTS and sweeping:
                    counts[N_ABSORBED] += r["weight"] == least
                    is_told = True
                    continue
                at = find_episode(episodes, rules.salts, c, kind)
                if at < 0:
                    at = begin_episode(episodes, told, scalars, counts, rules.salts, c, kind)
                    old = find(slows, _FIRST, slows.tags.size, c["source_hash"], c["src_hi"], c["src_lo"], zero, zero)
                    if old >= 0:
                        slows.records[old]["state"] = FREE  # a fast scan tells of this source now
                join(episodes.records[at], r, c, rules.scanner)
            is_told = True
            note_target(episodes.records[at], c, mark)
            touch(episodes.records[at], told, scalars, clock, r["walk"], rules.quiet_ns)
        if not is_told:
            judge_slow(slows, episodes, told, scalars, counts, rules, c)
    return k
