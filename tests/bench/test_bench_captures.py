"""The benchmark captures are what they claim: deterministic, in order, with valid checksums and the stated flows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import dpkt
import numpy as np
import pytest
from scapy.layers.inet import IP
from scapy.layers.l2 import Ether

from benchmarks import captures, tiles
from benchmarks.frames import RECORD_HEADER_BYTES

SEEDED = ["small64", "ipv6", "million_flows", "syn_flood", "one_packet"]
SCALE = 0.002


def records(path: str | Path) -> list[tuple[int, bytes]]:
    with open(path, "rb") as file:
        return [(round(ts * 1e6), frame) for ts, frame in dpkt.pcap.Reader(file)]


def words_sum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def checksum_faults(frame: bytes) -> list[str]:
    """Verify IPv4 header and TCP, UDP, ICMP checksums of one whole, unfragmented packet in plain Python."""
    at = 16 if frame[12:14] == b"\x81\0" else 12
    ip, faults = at + 2, []
    if frame[at:ip] == b"\x08\0":
        head, end, proto = 4 * (frame[ip] & 15), ip + int.from_bytes(frame[ip + 2 : ip + 4], "big"), frame[ip + 9]
        addresses = frame[ip + 12 : ip + 20]
        if words_sum(frame[ip : ip + head]) != 0xFFFF:
            faults.append("ip")
        if frame[ip + 6] & 0x3F or frame[ip + 7]:
            return faults
    elif frame[at:ip] == b"\x86\xdd":
        head, end, proto = 40, ip + 40 + int.from_bytes(frame[ip + 4 : ip + 6], "big"), frame[ip + 6]
        addresses = frame[ip + 8 : ip + 40]
    else:
        return faults
    segment = frame[ip + head : end]
    if end > len(frame) or not segment or (proto == 17 and segment[6:8] == b"\0\0"):
        return faults
    if proto in (6, 17, 58):
        segment = addresses + bytes([0, proto]) + len(segment).to_bytes(2, "big") + segment
    elif proto != 1:
        return faults
    return faults if words_sum(segment) == 0xFFFF else [*faults, f"proto {proto}"]


def conversation(frame: bytes) -> tuple | None:
    """Return a key that both directions of a conversation share, by dpkt."""
    ip = dpkt.ethernet.Ethernet(frame).data
    if not isinstance(ip, (dpkt.ip.IP, dpkt.ip6.IP6)):
        return None
    ports = (ip.data.sport, ip.data.dport) if isinstance(ip.data, (dpkt.tcp.TCP, dpkt.udp.UDP)) else (0, 0)
    return (ip.p, *sorted([(ip.src, ports[0]), (ip.dst, ports[1])]))


@pytest.fixture(scope="module")
def sheets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("captures")
    return {name: captures.make(name, folder, SCALE) for name in SEEDED}


@pytest.mark.parametrize("name", SEEDED)
def test_same_recipe_gives_the_same_digest(sheets, tmp_path, name):
    again = captures.make(name, tmp_path, SCALE)
    assert again["digest"] == sheets[name]["digest"]
    assert Path(again["path"]).read_bytes() == Path(sheets[name]["path"]).read_bytes()


@pytest.mark.parametrize("name", SEEDED)
def test_manifest_counts_what_a_reader_finds(sheets, name):
    sheet, found = sheets[name], records(sheets[name]["path"])
    assert sheet["packets"] == len(found)
    assert sheet["wire_bytes"] == sum(len(frame) for _, frame in found)
    assert sheet["file_bytes"] == 24 + sum(len(frame) + RECORD_HEADER_BYTES for _, frame in found)


@pytest.mark.parametrize("name", SEEDED)
def test_packets_are_in_order_of_time(sheets, name):
    times = [ts for ts, _ in records(sheets[name]["path"])]
    assert times == sorted(times)
    assert times[0] >= captures.START_US


@pytest.mark.parametrize("name", SEEDED)
def test_checksums_are_valid(sheets, name):
    faults = Counter(fault for _, frame in records(sheets[name]["path"])[:3000] for fault in checksum_faults(frame))
    assert faults == Counter()


def test_scapy_computes_the_same_packets(sheets):
    for _, frame in records(sheets["small64"]["path"])[::400]:
        packet = Ether(frame)
        rebuilt = packet.copy()
        del rebuilt[IP].chksum, rebuilt[IP].payload.chksum
        assert bytes(rebuilt) == frame


@pytest.mark.parametrize("name", ["small64", "million_flows", "syn_flood"])
def test_stated_flows_are_those_of_a_dictionary(sheets, name):
    keys = {conversation(frame) for _, frame in records(sheets[name]["path"])}
    assert len(keys) == sheets[name]["flows"]


def test_sizes_and_families_are_what_the_names_say(sheets):
    assert {len(frame) for _, frame in records(sheets["small64"]["path"])} == {64}
    assert {type(dpkt.ethernet.Ethernet(f).data) for _, f in records(sheets["ipv6"]["path"])} == {dpkt.ip6.IP6}


def test_million_flows_are_all_open_at_once(sheets):
    first, last = {}, {}
    for ts, frame in records(sheets["million_flows"]["path"]):
        key = conversation(frame)
        first.setdefault(key, ts)
        last[key] = ts
    assert max(first.values()) < min(last.values())


def test_syn_flood_has_one_victim_and_no_answer(sheets):
    found = [dpkt.ethernet.Ethernet(frame).data for _, frame in records(sheets["syn_flood"]["path"])]
    assert {ip.dst for ip in found} == {bytes([203, 0, 113, 5])}
    assert {ip.data.flags for ip in found} == {dpkt.tcp.TH_SYN}
    assert len({ip.src for ip in found}) > 0.99 * len(found)


def test_seeded_main_mix_looks_like_traffic(tmp_path):
    built = captures.main_mix(0.02, real=False)
    path = tmp_path / "mix.pcap"
    captures.write_capture(path, built.parts)
    found = records(path)
    packets = Counter(conversation(frame) for _, frame in found)
    assert 0.95 * built.facts["flows"] < len(packets) <= built.facts["flows"]
    largest = sum(n for _, n in packets.most_common(len(packets) // 20))
    assert largest > len(found) / 3  # a twentieth of the flows carries more than a third of the packets
    assert np.median(list(packets.values())) < 12
    sizes = [len(frame) for _, frame in found]
    assert sum(s < 100 for s in sizes) > 0.2 * len(sizes)
    assert sum(s > 1000 for s in sizes) > 0.2 * len(sizes)
    assert any(frame[12:14] == b"\x81\0" for _, frame in found)
    assert Counter(fault for _, frame in found[::7] for fault in checksum_faults(frame)) == Counter()


def test_tcp_numbers_follow_from_the_bytes_sent(tmp_path):
    built = captures.main_mix(0.005, real=False)
    captures.write_capture(tmp_path / "mix.pcap", built.parts)
    expected: dict[tuple, int] = {}
    checked = 0
    for _, frame in records(tmp_path / "mix.pcap"):
        ip = dpkt.ethernet.Ethernet(frame).data
        tcp = ip.data
        if not isinstance(tcp, dpkt.tcp.TCP):
            continue
        side = (ip.src, ip.dst, tcp.sport, tcp.dport)
        if side in expected and not tcp.flags & dpkt.tcp.TH_SYN:
            assert tcp.seq == expected[side]
            checked += 1
        used = len(tcp.data) + bool(tcp.flags & (dpkt.tcp.TH_SYN | dpkt.tcp.TH_FIN))
        expected[side] = (tcp.seq + used) & 0xFFFFFFFF
    assert checked > 1000


def test_a_kept_capture_is_not_made_again_but_a_damaged_one_is(tmp_path):
    first = captures.make("one_packet", tmp_path)
    before = Path(first["path"]).stat().st_mtime_ns
    assert captures.make("one_packet", tmp_path)["digest"] == first["digest"]
    assert Path(first["path"]).stat().st_mtime_ns == before
    Path(first["path"]).write_bytes(b"short")
    assert captures.make("one_packet", tmp_path)["digest"] == first["digest"]
    assert len(records(first["path"])) == 1


def test_a_slice_holds_the_first_packets(sheets):
    folder = Path(sheets["small64"]["path"]).parent
    path = captures.slice_capture("small64", 100, folder)
    assert records(path) == records(sheets["small64"]["path"])[:100]


def a_frame(src: bytes, dst: bytes, proto: int, transport: bytes, tag: bytes = b"") -> bytes:
    head = b"\x45\0" + (20 + len(transport)).to_bytes(2, "big") + b"\0\1\0\0" + bytes([64, proto, 0, 0]) + src + dst
    check = 0xFFFF - words_sum(head)
    head = head[:10] + check.to_bytes(2, "big") + head[12:]
    return bytes(6) + bytes(6) + tag + b"\x08\0" + head + transport


def test_tiling_moves_addresses_and_keeps_checksums(tmp_path):
    syn = bytes.fromhex("04d2 0050 00000001 00000000 5002 2000 0000 0000".replace(" ", ""))
    frames = []
    for k in range(12):
        src, dst = (bytes([10, 1, 1, 1]), bytes([10, 9, 9, 9]))[:: 1 if k % 2 else -1]
        pseudo = src + dst + b"\0\6" + len(syn).to_bytes(2, "big")
        check = 0xFFFF - words_sum(pseudo + syn)
        tcp = (syn if k % 2 else syn[2:4] + syn[:2] + syn[4:])[:16] + check.to_bytes(2, "big") + syn[18:]
        frames.append(a_frame(src, dst, 6, tcp, b"\x81\0\0\7" if k == 3 else b""))
    folder = tmp_path / "corpus" / "zeek"
    folder.mkdir(parents=True)
    with (folder / "a.pcap").open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for k, frame in enumerate(frames):
            writer.writepkt(frame, ts=1000.0 + 3 * k)
    corpus = tiles.read_corpus(tmp_path / "corpus", longest_us=2_000_000)
    assert (corpus.files, corpus.addresses, corpus.tuples) == (1, 2, 1)
    part, copies = captures.real_part(corpus, np.random.default_rng(0), 50, 10_000_000)
    captures.write_capture(tmp_path / "tiled.pcap", [part])
    found = records(tmp_path / "tiled.pcap")
    assert (copies, len(found)) == (5, 60)
    assert Counter(fault for _, frame in found for fault in checksum_faults(frame)) == Counter()
    keys = Counter(conversation(frame) for _, frame in found)
    assert set(keys.values()) == {12}
    assert len(keys) == copies
    assert all(address[:2] in (b"\xc6\x12", b"\xc6\x13") for key in keys for address, _ in key[1:])
    assert found[-1][0] - captures.START_US <= 10_000_000


def test_attacks_and_unreadable_files_are_left_out_of_the_tiles(tmp_path):
    folder = tmp_path / "zeek"
    folder.mkdir()
    with (folder / "oneway.pcap").open("wb") as file:
        writer = dpkt.pcap.Writer(file)
        for k in range(50):
            writer.writepkt(a_frame(bytes([10, 0, 0, k]), bytes([10, 9, 9, 9]), 17, bytes(8)), ts=1.0 + k)
    (folder / "broken.pcap").write_bytes(b"not a capture at all")
    assert tiles.read_corpus(tmp_path, 1_000_000) is None


def test_tiles_of_the_real_corpus_keep_valid_checksums(tmp_path):
    folder = captures.corpus_folder()
    if not tiles.corpus_files(folder):
        pytest.skip(f"no corpus of real captures at {folder}")
    corpus = tiles.read_corpus(folder, 10_000_000)
    assert corpus.files > 50
    part, copies = captures.real_part(corpus, np.random.default_rng(0), corpus.frames.at.size * 2, 10_000_000)
    captures.write_capture(tmp_path / "tiled.pcap", [part])
    found = records(tmp_path / "tiled.pcap")
    assert len(found) == copies * corpus.frames.at.size == 2 * corpus.frames.at.size
    sample = found[::41]
    faulty = sum(bool(checksum_faults(frame)) for _, frame in sample)
    assert faulty < 0.01 * len(sample)  # what is left was cut off or oversized in the capture itself
