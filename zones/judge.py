"""The verdict on a flow: which zones its ends are in, and which conduit permits it or comes nearest."""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

import numpy as np

from columns.app import AppProto
from columns.codes import Certainty, Verdict
from columns.kernel import kernel, part
from zones.names import ANOTHER_TENANT
from zones.names import PERMITTED as NAME_PERMITTED
from zones.prefixes import LOCAL as LOCAL_LABEL


class Differs(IntFlag):
    """What about a flow is not as its nearest conduit permits; 0 where it is permitted or no conduit comes near.

    TENANT comes with NAME; CONTENT, BYTES_UP and BYTES_DOWN are found outside this kernel.
    """

    NONE = 0
    FROM_HOST = 1
    TO_HOST = 2
    SERVICE = 4
    MAC = 8
    HOURS = 16
    EXPIRED = 32
    INITIATOR = 64
    APP = 128
    NAME = 256
    TENANT = 512
    CONTENT = 1024
    BYTES_UP = 2048
    BYTES_DOWN = 4096


class FlowKeys(NamedTuple):
    """What is judged, one row per flow; src_ is the initiator. dtypes as in the tables FLOW and PACKET.

    ts_ns is the event time at which the flow began; src_mac is 0 where the initiator's is not known. app (uint8) is an
    AppProto, or DIRECT_TLS; 0 where nothing was looked into. name (int32) is a row of the names that are judged with
    the flows, -1 where none is known.
    """

    src_ip_hi: np.ndarray
    src_ip_lo: np.ndarray
    dst_ip_hi: np.ndarray
    dst_ip_lo: np.ndarray
    src_port: np.ndarray
    dst_port: np.ndarray
    proto: np.ndarray
    icmp_type: np.ndarray
    ts_ns: np.ndarray
    certainty: np.ndarray
    src_mac: np.ndarray
    app: np.ndarray
    name: np.ndarray


class Judgement(NamedTuple):
    """What came of it: src_zone, dst_zone, conduit, differs uint16 (0 = unattributed, none); verdict uint8."""

    src_zone: np.ndarray
    dst_zone: np.ndarray
    verdict: np.ndarray
    conduit: np.ndarray
    differs: np.ndarray


NOT_JUDGED, PERMITTED = int(Verdict.NOT_JUDGED), int(Verdict.PERMITTED)
OUT_OF_HOURS, WRONG_INITIATOR = int(Verdict.OUT_OF_HOURS), int(Verdict.WRONG_INITIATOR)
EXPIRED_CONDUIT, NO_CONDUIT = int(Verdict.EXPIRED_CONDUIT), int(Verdict.NO_CONDUIT)
UNATTRIBUTED, WRONG_APP = int(Verdict.UNATTRIBUTED), int(Verdict.WRONG_APP)
WRONG_SEGMENT = int(Verdict.WRONG_SEGMENT)
FROM_HOST, TO_HOST, SERVICE = int(Differs.FROM_HOST), int(Differs.TO_HOST), int(Differs.SERVICE)
MAC, HOURS = int(Differs.MAC), int(Differs.HOURS)
EXPIRED, INITIATOR = int(Differs.EXPIRED), int(Differs.INITIATOR)
APP, NAME, TENANT, FAILED = int(Differs.APP), int(Differs.NAME), int(Differs.TENANT), int(AppProto.FAILED)
SYN_SEEN, LOCAL = int(Certainty.SYN_SEEN), int(LOCAL_LABEL)
ICMP, ICMPV6, TCP, UDP, SCTP = 1, 58, 6, 17, 132
DAY_S, WEEK_MINUTES, MONDAY = 86400, 10080, 3  # 1970-01-01 was the Thursday after Monday + 3
FORWARD, BACKWARD, MIRRORED = 0, 1, 2
FITS, ONLY_TIME, ONLY_CONTENT, ONLY_MAC, FAR = 0, 1, 2, 3, 1000


@part
def _reply_possible(proto, icmp_type, certainty):
    """Return whether what is taken for the initiator may be the responder, so that the other direction is tried."""
    if certainty == SYN_SEEN:
        return False
    if proto == ICMP:
        return icmp_type != 8 and icmp_type != 13 and icmp_type != 15 and icmp_type != 17
    return proto != ICMPV6 or icmp_type != 128


@part
def _icmp_error(proto, icmp_type):
    """Return whether a row is an ICMP error: it belongs to the flow that it quotes and is not judged by itself."""
    if proto == ICMP:
        return icmp_type == 3 or icmp_type == 4 or icmp_type == 11 or icmp_type == 12
    return proto == ICMPV6 and icmp_type >= 1 and icmp_type <= 4


@part
def _cost(differs):
    """Return how far a conduit is from a flow: a MAC address is the smallest difference, a host the greatest."""
    cost = ONLY_CONTENT
    if differs & MAC:
        cost += 1
    if differs & SERVICE:
        cost += 2
    if differs & TO_HOST:
        cost += 3
    if differs & FROM_HOST:
        cost += 3
    return cost


@part
def _verdict(differs, certainty):
    """Return the verdict where the ends, the service and the way of a conduit fit, but perhaps nothing else."""
    if differs & INITIATOR:
        return WRONG_INITIATOR if certainty == SYN_SEEN else NO_CONDUIT
    if differs & MAC:
        return WRONG_SEGMENT
    if differs & (APP | NAME):
        return WRONG_APP
    if differs & EXPIRED:
        return EXPIRED_CONDUIT
    if differs & HOURS:
        return OUT_OF_HOURS
    return PERMITTED


@part
def _closed(table, row, ts_ns):
    """Return EXPIRED and HOURS where a conduit is not open at an event time."""
    differs = EXPIRED if ts_ns >= table.expires_ns[row] else 0
    if table.hours[row] >= 0:
        second = ts_ns // 1_000_000_000
        at = table.offset_s.size - 1
        while at > 0 and table.offset_since_s[at] > second:
            at -= 1
        second += table.offset_s[at]
        if table.week[table.hours[row], ((second // DAY_S + MONDAY) % 7) * 1440 + second % DAY_S // 60] == 0:
            differs |= HOURS
    return differs


@part
def _foreign(table, row, proto, certainty, app, name, listed):
    """Return APP, NAME and TENANT where what is said is not what a conduit is for.

    Content that is nothing known tells of TCP only where its beginning was seen.
    """
    differs = 0
    tells = app != FAILED or proto != TCP or certainty == SYN_SEEN
    if table.apps[row] >= 0 and tells and table.app_permitted[table.apps[row], 0 if proto == TCP else 1, app] == 0:
        differs |= APP
    if table.names[row] >= 0 and name >= 0:
        found = listed[name, table.names[row]]
        if found != NAME_PERMITTED:
            differs |= NAME | TENANT if found == ANOTHER_TENANT else NAME
    return differs


@kernel
def judge_rows(table, keys, listed, out):
    """Fill verdict, conduit and differs of out (a Judgement) whose zones hold labels already; LOCAL becomes 0.

    listed: uint8[names, name rules], what name_matches() says of each. Three directions are tried in turn: as the flow
    stands; turned round with its ports, where the initiator is a guess; and turned round with the responder's port
    kept, which finds a flow against its conduit. In each the best conduit is the first that fits wholly, then the first
    barred by its time alone, then by what is said, then by the MAC address, then the one that differs least. What a
    conduit permits in one direction is permitted, whatever is said of the other.
    """
    host_run, host, service_run, service = table.host_run, table.host, table.service_run, table.service
    mac_run, macs, pair_start = table.mac_run, table.mac, table.pair_start
    src_hi, src_lo, dst_hi, dst_lo = keys.src_ip_hi, keys.src_ip_lo, keys.dst_ip_hi, keys.dst_ip_lo
    src_zone, dst_zone, conduit = out.src_zone, out.dst_zone, table.conduit
    for i in range(src_zone.size):
        zone_a, zone_b = np.int64(src_zone[i]), np.int64(dst_zone[i])
        proto, icmp_type, certainty = np.int64(keys.proto[i]), np.int64(keys.icmp_type[i]), np.int64(keys.certainty[i])
        out.conduit[i], out.differs[i], out.verdict[i] = 0, 0, NOT_JUDGED
        if zone_a == LOCAL or zone_b == LOCAL:
            src_zone[i], dst_zone[i] = zone_a % LOCAL, zone_b % LOCAL
            continue
        if (zone_a == zone_b and zone_a != 0) or _icmp_error(proto, icmp_type):
            continue
        if zone_a == 0 or zone_b == 0:
            out.verdict[i] = UNATTRIBUTED
            continue
        out.verdict[i] = NO_CONDUIT
        for direction in range(3):
            if direction == BACKWARD and not _reply_possible(proto, icmp_type, certainty):
                continue
            if direction == MIRRORED and out.verdict[i] != NO_CONDUIT:
                break
            port, mac, pair = np.int64(keys.dst_port[i]), keys.src_mac[i], zone_a * table.zones + zone_b
            if direction != FORWARD:
                mac, pair = np.uint64(0), zone_b * table.zones + zone_a
            if direction == BACKWARD:
                port = np.int64(keys.src_port[i])
            best, best_differs, best_cost = -1, 0, FAR
            for row in range(pair_start[pair], pair_start[pair + 1]):
                differs = 0
                for end in range(2):
                    if (end == 0) == (direction == FORWARD):
                        hi, lo = src_hi[i], src_lo[i]
                    else:
                        hi, lo = dst_hi[i], dst_lo[i]
                    start, stop = host_run[2 * row + end], host_run[2 * row + end + 1]
                    v4 = np.uint64(hi == np.uint64(0) and lo >> np.uint64(32) == np.uint64(0xFFFF))
                    found = start == stop
                    for h in range(start, stop):
                        if hi & host[h, 2] == host[h, 0] and lo & host[h, 3] == host[h, 1] and host[h, 4] == v4:
                            found = True
                            break
                    if not found:
                        differs |= FROM_HOST << end
                found = False
                for s in range(service_run[row], service_run[row + 1]):
                    if (service[s, 0] == proto or service[s, 0] < 0) and service[s, 1] <= port <= service[s, 2]:
                        found = True
                        break
                if not found:
                    differs |= SERVICE
                found = mac == np.uint64(0) or mac_run[row] == mac_run[row + 1]
                for m in range(mac_run[row], mac_run[row + 1]):
                    if macs[m] == mac:
                        found = True
                        break
                if not found:
                    differs |= MAC
                cost = _cost(differs)
                if differs == 0:
                    late = _closed(table, row, keys.ts_ns[i])
                    differs = _foreign(table, row, proto, certainty, np.int64(keys.app[i]), keys.name[i], listed)
                    cost = ONLY_CONTENT if differs != 0 else ONLY_TIME if late != 0 else FITS
                    differs |= late
                if cost < best_cost:
                    best, best_differs, best_cost = row, differs, cost
                    if cost == FITS:
                        break
            if direction == MIRRORED:
                best_differs |= INITIATOR
            fits = best_cost <= ONLY_TIME or (direction == MIRRORED and best_cost == ONLY_CONTENT)
            if fits or (best_cost <= ONLY_MAC and out.verdict[i] == NO_CONDUIT and direction != MIRRORED):
                out.verdict[i] = _verdict(best_differs, certainty)
                out.conduit[i], out.differs[i] = conduit[best], best_differs
            elif direction != BACKWARD and best >= 0 and out.conduit[i] == 0:
                out.conduit[i], out.differs[i] = conduit[best], best_differs
            if fits:
                break
