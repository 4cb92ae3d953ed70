"""Fragments: any split, order, repetition and overlap; within the budget; the same in any batch."""

import os
import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns.codes import Status
from sensor.decode import Decoder, DecodeSettings
from sensor.decode.fragment_table import PAGE_BYTES
from sensor.frames import frame_block
from tests.support import frames as f
from tests.support.decoded import assert_agrees, assert_conserved, cut, decode_rows

EXAMPLES = int(os.environ.get("SEKISHO_DECODE_EXAMPLES", "150"))
RELAXED = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
BODY = bytes(i * 7 & 0xFF for i in range(3000))


def decoded(frames, *, ts_ns=None, batch=None, wire_bytes=None, **settings_):
    block = frame_block(frames, ts_ns=ts_ns, wire_bytes=wire_bytes)
    decoder = Decoder(DecodeSettings(**{"checksums": "validate"} | settings_))
    rows = decode_rows(cut(block, batch or len(frames)), decoder)
    assert_conserved(decoder, rows, len(frames))
    return rows, decoder


def statuses(rows):
    return [Status(row["status"]).name for row in rows]


@RELAXED
@given(st.data(), st.sampled_from([f.fragments_v4, f.fragments_v6]), st.integers(1, 2000))
def test_any_split_in_any_order_gives_the_datagram(data, fragments, size):
    cuts = sorted(data.draw(st.sets(st.integers(1, (size + 7) // 8).map(lambda u: u * 8), max_size=6)))
    pieces = fragments(f.udp(BODY[:size], sport=1000, dport=2000), [c for c in cuts if c < size + 8])
    order = data.draw(st.permutations(pieces))
    frames = [f.ethernet(p, pad=True) for p in order]
    rows = assert_agrees(frame_block(frames), "validate")
    assert rows[-1]["status"] == Status.OK
    assert (rows[-1]["src_port"], rows[-1]["dst_port"]) == (1000, 2000)
    assert rows[-1]["payload"] == BODY[:size]
    assert rows[-1]["frames"] == len(pieces)
    assert rows[-1]["wire_bytes"] == sum(map(len, frames))
    assert rows[-1]["fragment"] == (2 if len(pieces) > 1 else 0)


_piece = st.tuples(st.integers(0, 12), st.integers(0, 40), st.booleans(), st.integers(0, 1), st.integers(1, 2))


@RELAXED
@given(st.lists(_piece, max_size=12), st.sampled_from([4, 6]), st.sampled_from([1_000_000, 21_000_000_000]))
def test_overlaps_holes_and_repetitions_as_the_oracle_has_them(pieces, version, step_ns):
    frames = []
    for offset, size, more, taste, ip_id in pieces:
        body = f.raw(bytes((i * 31 + taste * (i > 70)) & 0xFF for i in range(offset * 8, offset * 8 + size)), 17)
        frames.append(f.ethernet(
            f.ipv4(body, flags=int(more), offset=offset, ip_id=ip_id) if version == 4 else
            f.ipv6(body, next_header=44, extensions=f.fragment_header(17, offset=offset, more=more, ip_id=ip_id))))
    assert_agrees(frame_block(frames, ts_ns=[i * step_ns for i in range(len(frames))]))


@RELAXED
@given(st.integers(1, 60), st.integers(0, 10**6))
def test_the_batch_does_not_matter(batch, seed):
    rng = random.Random(seed)
    pieces = []
    for ip_id in range(12):
        pieces += f.fragments_v4(f.tcp(BODY[:900], dport=ip_id), [256, 512], ip_id=ip_id)
        pieces += f.fragments_v6(f.udp(BODY[:900], dport=ip_id), [256], ip_id=ip_id)
    rng.shuffle(pieces)
    frames = [f.ethernet(p) for p in pieces] + [f.ethernet(f.ipv4(f.tcp()))] * 5
    times = [rng.randrange(0, 100) * 10**9 for _ in frames]
    whole, one = decoded(frames, ts_ns=times, fragment_datagrams=6)
    parts, other = decoded(frames, ts_ns=times, fragment_datagrams=6, batch=batch, rows_per_batch=64)
    assert whole == parts
    assert one.counters == other.counters


def test_overlap_of_ipv4_keeps_the_first_bytes_and_is_counted():
    segment = f.udp(b"A" * 40)
    first, second, third = f.fragments_v4(segment, [16, 32])
    evil = f.ipv4(f.raw(b"B" * 24, 17), flags=1, offset=1)  # bytes 8..32: 8 known, 16 new
    rows, decoder = decoded([f.ethernet(p) for p in (first, evil, second, third)], checksums="ignore")
    assert statuses(rows) == ["FRAGMENT_HELD", "FRAGMENT_HELD", "FRAGMENT_OVERLAP", "OK"]
    assert rows[-1]["payload"] == b"A" * 8 + b"B" * 16 + b"A" * 16
    assert decoder.details["fragment_conflicts"] == 2


def test_overlap_of_ipv6_discards_the_datagram_and_what_follows_of_it():
    first, second, third = f.fragments_v6(f.udp(b"A" * 40), [16, 32])
    evil = f.ipv6(f.raw(b"A" * 16, 17), next_header=44, extensions=f.fragment_header(17, offset=1, more=True))
    rows, decoder = decoded([f.ethernet(p) for p in (first, evil, second, third)])
    assert statuses(rows) == ["FRAGMENT_HELD", "FRAGMENT_OVERLAP", "FRAGMENT_OVERLAP", "FRAGMENT_OVERLAP"]
    assert decoder.counters == {"frames_in": 4, "processed": 0, "fragment_overlap": 4}


def test_repeated_fragments_are_frames_of_their_datagram():
    for make in (f.fragments_v4, f.fragments_v6):
        first, second = make(f.udp(b"A" * 40), [16])
        rows, _ = decoded([f.ethernet(p) for p in (first, first, first, second)])
        assert statuses(rows) == ["FRAGMENT_HELD"] * 3 + ["OK"]
        assert rows[-1]["frames"] == 4


def test_ping_of_death_teardrop_and_pieces_of_odd_size_are_refused():
    death = f.ipv4(f.raw(b"A" * 400, 1), flags=0, offset=8180)
    odd = f.ipv4(f.raw(b"A" * 13, 17), flags=1)
    teardrop = [f.ipv4(f.raw(b"A" * 64, 17), flags=1, ip_id=9), f.ipv4(f.raw(b"A" * 8, 17), offset=3, ip_id=9)]
    rows, decoder = decoded([f.ethernet(p) for p in (death, odd, *teardrop)])
    assert statuses(rows) == ["FRAGMENT_BAD", "FRAGMENT_BAD", "FRAGMENT_HELD", "FRAGMENT_BAD"]
    assert decoder.counters == {"frames_in": 4, "processed": 0, "fragment_bad": 3, "fragment_incomplete": 1}


def test_the_largest_datagram_fits():
    body = bytes(range(256)) * 256
    for make, size in ((f.fragments_v4, 65515), (f.fragments_v6, 65535)):
        segment = f.udp(body[: size - 8])
        pieces = make(segment, list(range(8192, size, 8192)))
        rows, _ = decoded([f.ethernet(p) for p in reversed(pieces)])
        assert statuses(rows)[-1] == "OK"
        assert rows[-1]["payload"] == body[: size - 8]


def test_a_datagram_too_old_is_given_up():
    first, second = f.fragments_v4(f.udp(b"A" * 40), [16])
    frames = [f.ethernet(first), f.ethernet(second)]
    assert statuses(decoded(frames, ts_ns=[0, 60 * 10**9])[0])[-1] == "OK"
    rows, decoder = decoded(frames, ts_ns=[0, 60 * 10**9 + 1])
    assert statuses(rows)[-1] == "FRAGMENT_HELD"
    assert decoder.counters["fragment_incomplete"] == 2


def test_when_time_starts_again_old_fragments_are_given_up():
    first, second = f.fragments_v4(f.udp(b"A" * 40), [16])
    rows, decoder = decoded([f.ethernet(first), f.ethernet(second)], ts_ns=[7200 * 10**9, 0])
    assert statuses(rows) == ["FRAGMENT_HELD", "FRAGMENT_HELD"]
    assert decoder.details["clock_resets"] == 1


def test_fragments_cut_by_a_snaplen_give_what_was_captured():
    pieces = [f.ethernet(p) for p in f.fragments_v4(f.udp(BODY[:1000]), [400, 800])]
    rows, _ = decoded([pieces[0], pieces[1][:134], pieces[2]], wire_bytes=[len(p) for p in pieces])
    assert statuses(rows)[-1] == "OK"
    assert rows[-1]["payload_bytes"] == 1000
    assert rows[-1]["payload"] == BODY[:492]  # 400 - 8 and the 100 bytes that were there of the second
    assert rows[-1]["checksum"] == 0


def test_a_tunnel_in_fragments_is_opened_and_so_are_fragments_in_a_tunnel():
    inner = f.ipv4(f.tcp(b"x" * 600, dport=22), src="10.0.0.1", dst="10.0.0.2")
    rows, _ = decoded([f.ethernet(p) for p in f.fragments_v4(f.raw(inner, 4), [304])])
    names = ("fragment", "tunnel_depth", "dst_port", "buffer")
    assert [[row[n] for n in names] for row in rows[1:]] == [[2, 0, 0, 1], [0, 1, 22, 1]]
    pieces = f.fragments_v6(f.udp(b"y" * 600, dport=53), [304])
    rows, _ = decoded([f.ethernet(f.ipv4(f.raw(p, 41))) for p in pieces])
    assert statuses(rows) == ["OK", "FRAGMENT_HELD", "OK", "OK"]
    assert rows[-1]["dst_port"] == 53
    assert (rows[-1]["frames"], rows[-1]["fragment"], rows[-1]["tunnel_depth"]) == (0, 2, 1)


def test_atomic_ipv6_fragments_are_ordinary_packets():
    packet = f.ipv6(f.udp(b"A", dport=53), next_header=44, extensions=f.fragment_header(17, ip_id=77))
    rows, _ = decoded([f.ethernet(packet)])
    assert (rows[0]["status"], rows[0]["fragment"], rows[0]["ip_id"], rows[0]["dst_port"]) == (Status.OK, 0, 77, 53)


def test_vlans_are_not_joined():
    first, second = f.fragments_v4(f.udp(b"A" * 40), [16])
    rows, _ = decoded([f.ethernet(first, vlans=(1,)), f.ethernet(second, vlans=(2,))])
    assert statuses(rows) == ["FRAGMENT_HELD", "FRAGMENT_HELD"]


def test_a_flood_of_fragments_stays_within_the_budget_and_the_oldest_goes_first():
    flood = [f.ethernet(f.ipv4(f.raw(b"A" * 8, 17), src=f"10.0.{i >> 8}.{i & 255}", flags=1, ip_id=i))
             for i in range(400)]
    first, second = (f.ethernet(p) for p in f.fragments_v4(f.udp(b"A" * 40), [16]))
    rows, decoder = decoded([*flood, first, second], fragment_datagrams=64)
    assert statuses(rows)[-1] == "OK"
    assert decoder.counters["fragment_budget"] == 400 - 63
    assert decoder.counters["fragment_incomplete"] == 63


def test_the_bytes_of_fragments_stay_within_the_budget():
    big = [f.ethernet(f.ipv4(f.raw(bytes(1024), 17), flags=1, ip_id=i)) for i in range(1500)]
    rows, decoder = decoded(big, fragment_bytes=1 << 20)
    fits = (1 << 20) // PAGE_BYTES // 2
    assert set(statuses(rows)) == {"FRAGMENT_HELD"}
    assert decoder.counters == {
        "frames_in": 1500, "processed": 0, "fragment_budget": 1500 - fits, "fragment_incomplete": fits}
