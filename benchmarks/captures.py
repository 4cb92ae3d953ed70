"""The benchmark captures: made once from a seed (and from real captures where they are), kept with their digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import frames as fr
from benchmarks import tiles, traffic
from benchmarks.pool import Pool, payload_pool

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "benchmarks" / "data"
RECIPE = 3  # raise it when what is generated changes, so that old files are made again
START_US = 1_780_275_600_000_000  # 2026-06-01 10:00 in Japan, a Monday, within the validity of the example policy
MIXED_BYTES = 530_000_000
_DIGEST_STEP = 1 << 24


class Part(NamedTuple):
    """Frames that can be written: when, how long, and by which kernel."""

    ts_us: np.ndarray
    length: np.ndarray
    write: Callable[[np.ndarray, np.ndarray], None]  # (file bytes, start of each record)


class Built(NamedTuple):
    """What a recipe gives: the parts, and facts for the manifest."""

    parts: list[Part]
    facts: dict[str, Any]


def corpus_folder() -> Path:
    """Return where real captures are looked for: SEKISHO_CORPUS, or the folder beside the project."""
    return Path(os.environ.get("SEKISHO_CORPUS") or ROOT.parent / "shared" / "corpus")


def seeded_part(flows: fr.FlowColumns, frames: fr.FrameColumns, pool: Pool) -> Part:
    """Return seeded frames as a part."""
    shifted = frames._replace(ts_us=frames.ts_us + START_US)
    return Part(
        shifted.ts_us, frames.frame_bytes, lambda out, at: fr.write_frames(out, at, shifted, flows, pool.data)
    )


def real_part(corpus: tiles.Corpus, rng: np.random.Generator, frame_count: int, window_us: int) -> tuple[Part, int]:
    """Return real captures repeated until there are at least frame_count frames, and how many copies that took."""
    real = corpus.frames
    copies = -(-frame_count // real.at.size)
    if copies * corpus.addresses > tiles._IPV4_HOSTS:
        raise ValueError(f"{copies} copies of {corpus.addresses} addresses do not fit into 198.18.0.0/15")
    room = np.maximum(window_us - corpus.span_us, 1)
    start = (rng.random((copies, corpus.files)) * room).astype(np.int64)
    index = np.tile(np.arange(real.at.size), copies)
    copy = np.repeat(np.arange(copies), real.at.size)
    ts = START_US + start[copy, real.file[index]] + real.ts_us[index]

    def write(out: np.ndarray, at: np.ndarray) -> None:
        tiles.write_copies(out, at, index, copy, ts, real, corpus.addresses)

    return Part(ts, real.length[index], write), copies


def main_mix(scale: float = 1.0, window_s: float = 50.0, ipv6_share: float = 0.08, real: bool = True) -> Built:
    """Build everyday traffic: about half seeded, half real captures; all seeded where there are no real ones."""
    rng = np.random.default_rng(20260601)
    pool, window_us = payload_pool(rng), int(window_s * 1e6)
    corpus = tiles.read_corpus(corpus_folder(), window_us) if real else None
    flow_count = int((48_000 if corpus else 90_000) * scale)
    flows, frames = traffic.city_mix(rng, pool, flow_count, window_us, ipv6_share)
    parts = [seeded_part(flows, frames, pool)]
    facts = {
        "flows": flow_count,
        "seeded_packets": int(frames.flow.size),
        "concurrent_flows": concurrent(frames),
        "real": "absent: seeded traffic only" if real else "not part of this capture",
    }
    if corpus:
        part, copies = real_part(corpus, rng, int(600_000 * scale), window_us)
        parts.append(part)
        facts["flows"] += copies * corpus.tuples
        facts["real"] = f"{corpus.files} real captures, {corpus.frames.at.size:,} packets, tiled {copies} times"
    return Built(parts, facts)


def mixed(scale: float = 1.0, window_s: float = 50.0) -> Built:
    """Build what is said on a real network: real captures alone, repeated up to 500 MB; ValueError without a corpus."""
    rng, window_us = np.random.default_rng(20260602), int(window_s * 1e6)
    corpus = tiles.read_corpus(corpus_folder(), window_us)
    if corpus is None:
        raise ValueError(f"no real captures in {corpus_folder()}")
    copies = max(1, round(scale * MIXED_BYTES / int(corpus.frames.length.sum())))
    part, copies = real_part(corpus, rng, copies * corpus.frames.at.size, window_us)
    return Built([part], {"flows": copies * corpus.tuples, "real": f"{corpus.files} real captures, "
                          f"{corpus.frames.at.size:,} packets, tiled {copies} times"})


def concurrent(frames: fr.FrameColumns) -> int:
    """Return the median number of conversations between their first and last frame at one instant."""
    order = np.argsort(frames.flow, kind="stable")
    flow, ts = frames.flow[order], frames.ts_us[order]
    edge = np.flatnonzero(np.diff(flow, prepend=-1))
    first, last = np.minimum.reduceat(ts, edge), np.maximum.reduceat(ts, edge)
    when = np.linspace(ts.min(), ts.max(), 201)
    open_ = np.searchsorted(np.sort(first), when, "right") - np.searchsorted(np.sort(last), when)
    return int(np.median(open_))


def ipv6_mix(scale: float = 1.0) -> Built:
    """Build the seeded mix with IPv6 alone."""
    return main_mix(scale, ipv6_share=1.0, real=False)


def hosts(client: np.ndarray, server: np.ndarray, src_port: np.ndarray, dst_port: int, proto: Any) -> fr.FlowColumns:
    """Return IPv4 flows between numbered hosts."""
    n, four = client.size, np.zeros(client.size, bool)
    return fr.FlowColumns(
        np.full(n, 4, np.uint8),
        np.broadcast_to(np.asarray(proto, np.uint8), n).copy(),
        traffic.address_bytes(client, four),
        traffic.address_bytes(server, four),
        traffic.mac_bytes(client),
        traffic.mac_bytes(server),
        src_port.astype(np.int64),
        np.full(n, dst_port, np.int64),
        np.zeros(n, np.int64),
    )


def rounds(flows: fr.FlowColumns, ts_us: np.ndarray, size: int, tail_bytes: int = 0) -> fr.FrameColumns:
    """Return one frame per flow and round, ts_us int64[rounds, flows]: TCP shakes hands first, then sides alternate.

    size is the whole frame of the rounds after a handshake (three for TCP), or 0 for tail_bytes of payload.
    """
    count, n = ts_us.shape
    flow, step = np.tile(np.arange(n), count), np.repeat(np.arange(count), n)
    tcp, data = flows.proto[flow] == fr.TCP, (step >= 3) | (flows.proto[flow] != fr.TCP)
    backward = step % 2 == 1
    flags = np.where(step == 0, fr.SYN, np.where(step == 1, fr.SYN | fr.ACK, fr.ACK | (fr.PSH * (step > 2))))
    fitting = size - np.where(tcp, 54, 42) if size else np.full(flow.size, tail_bytes)
    payload = np.where(data, fitting, 0)
    sent = [np.cumsum((payload * (backward == b)).reshape(count, n), axis=0).ravel() for b in (0, 1)]
    own, other = np.where(backward, sent[1], sent[0]) - payload, np.where(backward, sent[0], sent[1])
    shaken = (step > 0).astype(np.int64)
    zero = np.zeros(flow.size, np.int64)
    length = np.maximum(fr.frame_bytes(flows, flow, zero, payload), size)
    return fr.FrameColumns(
        ts_us.ravel(), flow, backward.astype(np.uint8), np.where(tcp, flags, 0).astype(np.uint8),
        1000 + own + np.where(step > 1, 1, 0), np.where(step > 0, 1000 + other + shaken, 0),
        zero, payload, (flow * 64) % 1_000_000, length,
    )


def small64(scale: float = 1.0) -> Built:
    """Build frames of 64 bytes: 20,000 flows that shake hands and then talk in turns."""
    rng = np.random.default_rng(64)
    pool, n, count = payload_pool(rng), int(20_000 * scale), 105
    tcp = rng.random(n) < 0.7
    client = 0x0A1E1000 + rng.integers(0, 6000, n)
    server = np.where(tcp, 0xC6336408, 0x0A1E030A) + rng.integers(0, 6, n)  # proxies; a file server of the same zone
    flows = hosts(client, server, 1024 + np.arange(n), 8080, np.where(tcp, fr.TCP, fr.UDP))
    gap = rng.integers(1_000, 300_000, (count, n))
    ts = rng.integers(0, 10_000_000, n) + np.cumsum(gap, axis=0)
    return Built([seeded_part(flows, rounds(flows, ts, 64), pool)], {"flows": n})


def million_flows(scale: float = 1.0) -> Built:
    """Build one million conversations that are all open at the same time."""
    rng = np.random.default_rng(1_000_000)
    pool, n = payload_pool(rng), int(1_000_000 * scale)
    client, server = 0xC6120000 + np.arange(n) % 100_000, 0xC6130000 + 40_000 + (np.arange(n) * 7) % 4001
    flows = hosts(client, server, 2048 + np.arange(n) // 100_000, 443, np.where(rng.random(n) < 0.7, fr.TCP, fr.UDP))
    first = rng.integers(0, 12_000_000, n)
    ts = np.stack([first, first + 20_000, first + 20_200, first + 13_000_000])
    return Built([seeded_part(flows, rounds(flows, ts, 0, 120), pool)], {"flows": n, "concurrent_flows": n})


def syn_flood(scale: float = 1.0) -> Built:
    """Build a flood of SYNs from random sources on one host, 250,000 a second: no flow is ever answered."""
    rng = np.random.default_rng(4987)
    pool, n = payload_pool(rng), int(4_000_000 * scale)
    source = rng.integers(0xF0000000, 0xFFFFFF00, n)  # 240.0.0.0/4: reserved, nobody owns these sources
    flows = hosts(source, np.full(n, 0xCB007105), rng.integers(1024, 65536, n), 443, fr.TCP)
    ts = np.sort(rng.integers(0, max(n * 4, 1), n))[None, :]
    return Built([seeded_part(flows, rounds(flows, ts, 0), pool)], {"flows": n, "per_second": 250_000})


def one_packet(scale: float = 1.0) -> Built:
    """Build a capture of a single datagram, to time how long the first packet takes."""
    rng = np.random.default_rng(1)
    one = np.ones(1, np.int64)
    flows = hosts(0x0A1E1000 + one, 0xC6336435 * one, 5000 * one, 53, fr.UDP)
    part = seeded_part(flows, rounds(flows, 0 * one[None, :], 0, 40), payload_pool(rng))
    return Built([part], {"flows": 1})


RECIPES: dict[str, Callable[[float], Built]] = {
    "main": main_mix,
    "mixed": mixed,
    "small64": small64,
    "ipv6": ipv6_mix,
    "million_flows": million_flows,
    "syn_flood": syn_flood,
    "syn_flood_half": lambda scale: syn_flood(scale / 2),
    "one_packet": one_packet,
}


def names() -> list[str]:
    """Return the captures that can be made here: those of real traffic alone need a corpus."""
    return [name for name in RECIPES if name != "mixed" or corpus_folder().is_dir()]


def write_capture(path: Path, parts: list[Part]) -> dict[str, int]:
    """Write the parts as one pcap in order of time; return packets and bytes of the file."""
    ts = np.concatenate([p.ts_us for p in parts])
    size = np.concatenate([p.length for p in parts]) + fr.RECORD_HEADER_BYTES
    order = np.argsort(ts, kind="stable")
    at = np.empty_like(size)
    at[order] = fr.FILE_HEADER_BYTES + np.cumsum(size[order]) - size[order]
    total = fr.FILE_HEADER_BYTES + int(size.sum())
    partial = path.with_suffix(".part")
    out = np.memmap(partial, np.uint8, "w+", shape=(total,))
    out[: fr.FILE_HEADER_BYTES] = fr.file_header()
    ends = np.cumsum([p.ts_us.size for p in parts])
    for part, end in zip(parts, ends, strict=True):
        part.write(np.asarray(out), at[end - part.ts_us.size : end])
    out.flush()
    partial.rename(path)
    return {"packets": int(ts.size), "file_bytes": total, "wire_bytes": int(size.sum() - 16 * ts.size)}


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while step := file.read(_DIGEST_STEP):
            digest.update(step)
    return digest.hexdigest()


def make(name: str, folder: Path = DATA, scale: float = 1.0, again: bool = False) -> dict[str, Any]:
    """Return the manifest of a capture, making it first unless the folder has it for this recipe and corpus.

    Keys: name, path, packets, file_bytes, wire_bytes, flows, digest (SHA-256), recipe, scale, numpy, real.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, sheet = folder / f"{name}.pcap", folder / f"{name}.json"
    wanted = {"recipe": RECIPE, "scale": scale, "numpy": np.__version__, "corpus": corpus_folder().is_dir()}
    if not again and path.is_file() and sheet.is_file():
        known = json.loads(sheet.read_text())
        if wanted.items() <= known.items() and known["file_bytes"] == path.stat().st_size:
            return {**known, "path": str(path)}
    built = RECIPES[name](scale)
    manifest = {"name": name, **write_capture(path, built.parts), **built.facts, **wanted}
    manifest["digest"] = file_digest(path)
    sheet.write_text(json.dumps(manifest, indent=1) + "\n")
    return {**manifest, "path": str(path)}


def slice_capture(name: str, packets: int, folder: Path = DATA) -> Path:
    """Return a capture of the first packets of another, for peers that would take minutes over the whole."""
    source, target = folder / f"{name}.pcap", folder / f"{name}_{packets}.pcap"
    if not target.is_file() or target.stat().st_mtime < source.stat().st_mtime:
        data = np.memmap(source, np.uint8, "r")
        at = fr.FILE_HEADER_BYTES
        for _ in range(packets):
            at += fr.RECORD_HEADER_BYTES + int(data[at + 8 : at + 12].view("<u4")[0])
        target.write_bytes(data[:at].tobytes())
    return target
