"""The judgement of one outcome: a source asked a service of a host, and it succeeded, failed, or stayed silent."""

from __future__ import annotations

import numpy as np

from columns.kernel import part
from detectors.scan_episode import begin_episode, find_episode, note_open, note_target, touch
from detectors.scan_state import (
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
)
from detectors.tables import (
    FREE,
    SEEN_EXACTLY,
    USED,
    claim,
    count_of_bits,
    find,
    hash_key,
    mark_of,
    mix,
    see_first,
    sketch_add,
)

_WORDS = SLOW_BITS // 32
_FIRST = np.int64(0)


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
def find_walk(walks, counts, rules, clock, k0, k1, k2, k3, create):
    """Return the slot of the test of a key, made if it is to be created, or -1. A test long idle begins anew."""
    h = hash_key(rules.salts, k0, k1, k2, k3)
    slot = find(walks, _FIRST, walks.size, h, k0, k1, k2, k3)
    stale_before = clock - rules.forget_ns
    if slot < 0:
        if not create:
            return slot
        slot = claim(walks, _FIRST, walks.size, h, stale_before)
        r = walks[slot]
        if r["state"] != FREE and r["stamp"] >= stale_before:
            counts[N_EVICTED_WALKS] += 1
        r["k0"], r["k1"], r["k2"], r["k3"], r["state"] = k0, k1, k2, k3, USED
        restart(r)
    elif walks[slot]["stamp"] < stale_before:
        restart(walks[slot])
    walks[slot]["stamp"] = clock
    return slot


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
        if r["weight"] == 0:
            r["first_ns"], r["packet_number"], r["flow_id"] = c["began_ns"], c["packet_number"], c["flow_id"]
        r["walk"] += up
        r["weight"] += 1
    if r["serial"] == 0 and r["walk"] <= benign:
        forget_steps(r)
        return True
    return False


@part
def join(state, rules, r, c, kind):
    """Make a test that crossed the bound part of an episode, new or under way; return its slot.

    The contact at hand is counted by the caller, all before it here.
    """
    slot = find_episode(state.episodes, rules.salts, c, kind)
    if slot < 0:
        slot = begin_episode(state.episodes, state.told, state.scalars, state.counts, rules.salts, c, kind)
        e = state.episodes[slot]
        e["start_ns"], e["packet_number"], e["flow_id"] = r["first_ns"], r["packet_number"], r["flow_id"]
        e["threshold"] = rules.scanner
    e = state.episodes[slot]
    r["serial"] = e["serial"]
    for k in range(min(r["known"], SEEN_EXACTLY)):
        sketch_add(e, REGISTERS, mix(np.uint64(r["seen"][k])))
    e["weight"] += r["weight"] - 1
    earlier = r["opened"] - (1 if c["result"] == HALF_OPEN else 0)
    e["opened"] += earlier
    e["established"] += r["succeeded"]
    if earlier > 0:
        note_open(e, r["open_port"])
    return slot


@part
def judge_first_contact(state, rules, r, c, kind, mark, sweeping):
    """Move a test on if this target is new to it; return True if an episode tells of the contact."""
    slot = -1
    if r["serial"]:
        slot = find_episode(state.episodes, rules.salts, c, kind)
        if slot < 0 or state.episodes[slot]["serial"] != r["serial"]:
            restart(r)  # that episode is over
            slot = -1
    if not see_first(r, mark):
        return slot >= 0
    state.counts[N_BENIGN] += step(r, c, rules.up, rules.down, rules.benign)
    if slot < 0:
        least = rules.min_hosts if kind == SWEEP else rules.min_ports
        if c["result"] == SUCCEEDED or r["walk"] < rules.scanner or r["weight"] < least:
            return False
        if kind == PORTS and sweeping:
            state.counts[N_ABSORBED] += r["weight"] == least
            return True
        slot = join(state, rules, r, c, kind)
        forget_slow(state.slows, rules.salts, c["src_hi"], c["src_lo"])
    e = state.episodes[slot]
    note_target(e, c, mark)
    touch(e, state.told, state.scalars, c["clock"], r["walk"], rules.quiet_ns)
    return True


@part
def forget_slow(slows, salts, src_hi, src_lo):
    """Forget what a source did slowly: a fast scan tells of it now."""
    zero = np.uint64(0)
    slot = find(slows, _FIRST, slows.size, hash_key(salts, src_hi, src_lo, zero, zero), src_hi, src_lo, zero, zero)
    if slot >= 0:
        slows[slot]["state"] = FREE


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
def find_slow(slows, counts, rules, c):
    """Return the slot of a slow source, made for a contact that failed, or -1."""
    zero, clock = np.uint64(0), c["clock"]
    h = hash_key(rules.salts, c["src_hi"], c["src_lo"], zero, zero)
    slot = find(slows, _FIRST, slows.size, h, c["src_hi"], c["src_lo"], zero, zero)
    if slot >= 0 or c["result"] == SUCCEEDED:
        return slot
    stale_before = clock - 2 * rules.half_window_ns
    slot = claim(slows, _FIRST, slows.size, h, stale_before)
    r = slows[slot]
    if r["state"] != FREE and r["stamp"] >= stale_before:
        counts[N_EVICTED_SLOW] += 1
    r["k0"], r["k1"], r["k2"], r["k3"], r["state"], r["weight"] = c["src_hi"], c["src_lo"], zero, zero, USED, 0
    r["turned_ns"], r["first_ns"] = clock, c["began_ns"]
    r["packet_number"], r["flow_id"] = c["packet_number"], c["flow_id"]
    for k in range(2 * PLANES):
        r["ones"][k] = 0
    for k in range(2 * PLANES * _WORDS):
        r["bits"][k] = 0
    return slot


@part
def judge_slow(state, rules, c, mark):
    """Count the distinct services that a source failed to reach within the long window."""
    slot = find_slow(state.slows, state.counts, rules, c)
    if slot < 0:
        return
    r, result = state.slows[slot], c["result"]
    turn_half(r, c["clock"], rules.half_window_ns)
    r["stamp"] = c["clock"]
    plane = FAILED if result == HALF_OPEN else result
    if not note_slow(r, plane, mark) or result == SUCCEEDED:
        return
    r["weight"] = r["ones"][PLANES + FAILED] + r["ones"][PLANES + SILENT]
    reached = count_of_bits(r["ones"][PLANES + SUCCEEDED], SLOW_BITS)
    missed = count_of_bits(r["ones"][PLANES + plane], SLOW_BITS)
    limit = rules.slow_silent if result == SILENT else rules.slow_targets
    slot = find_episode(state.episodes, rules.salts, c, SLOW)
    if slot < 0:
        if missed + 0.5 < limit or missed < rules.slow_share * (missed + reached):
            return
        slot = begin_episode(state.episodes, state.told, state.scalars, state.counts, rules.salts, c, SLOW)
        e = state.episodes[slot]
        e["start_ns"], e["packet_number"], e["flow_id"] = r["first_ns"], r["packet_number"], r["flow_id"]
        e["threshold"], e["weight"] = limit, np.int64(missed + 0.5) - 1
        e["silent"] = e["weight"] if result == SILENT else 0
    e = state.episodes[slot]
    note_target(e, c, mark)
    touch(e, state.told, state.scalars, c["clock"], max(missed, e["weight"] * 1.0), rules.slow_quiet_ns)


@part
def judge_outcome(state, rules, c):
    """Show one outcome to all tests of its source."""
    salts, zero, clock = rules.salts, np.uint64(0), c["clock"]
    src_hi, src_lo, dst_hi, dst_lo = c["src_hi"], c["src_lo"], c["dst_hi"], c["dst_lo"]
    service = np.uint64(c["proto"]) << np.uint64(16) | np.uint64(c["port"])
    told = False
    if c["result"] != SILENT:
        failed = c["result"] != SUCCEEDED
        sweeping = failed and find_episode(state.episodes, salts, c, SWEEP) >= 0
        for kind in range(SWEEP, PORTS + 1):
            k2, k3, m2, m3, create = NO_ADDRESS, service, dst_hi, dst_lo, True
            if kind == PORTS:
                k2, k3, m2, m3, create = dst_hi, dst_lo, service, zero, failed and c["port"] != 0
            slot = find_walk(state.walks, state.counts, rules, clock, src_hi, src_lo, k2, k3, create)
            if slot < 0:
                continue
            mark = mark_of(hash_key(salts, m2, m3, zero, zero))
            if judge_first_contact(state, rules, state.walks[slot], c, kind, mark, sweeping):
                told = True
    if not told:
        judge_slow(state, rules, c, mark_of(hash_key(salts, dst_hi, dst_lo, service, zero)))
