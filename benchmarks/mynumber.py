"""Individual Numbers: recall, false alarms and speed, ``python -m benchmarks.mynumber [--benign-mb N]``."""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections import Counter
from collections.abc import Iterable

import numpy as np

from benchmarks.documents import WRAPS, Document, benign_documents, inflated, leaking_documents, office_files
from columns import FLOW, PACKET, Packets
from columns.app import AppProto
from columns.said import FlowFacts, Moment, Said, Step
from detectors.mynumber import MyNumberDetector
from detectors.mynumber.lanes import payloads_of, scan_packets
from detectors.mynumber.scanning import Scanner
from detectors.mynumber.settings import MyNumberSettings

MSS = 1460
_NOTHING = np.frombuffer(b"", np.uint8)
_UNPACKED = ("gzip", "zip")
"""What only shows when a parser hands the file on; the rest is read in the payload of packets."""


def segments(documents: list[bytes]) -> tuple[Packets, np.ndarray]:
    """Return TCP segments of documents, each a flow of its own that begins with a SYN, and their buffer."""
    counts = [1 + -(-len(d) // MSS) for d in documents]
    p = PACKET.empty(sum(counts))
    p.packet_number[:] = np.arange(1, p.packet_number.size + 1)
    p.proto[:], p.to_server[:], p.tcp_flags[:] = 6, 1, 16
    row, offset = 0, 0
    for number, (document, count) in enumerate(zip(documents, counts, strict=True)):
        rows = slice(row, row + count)
        sizes = np.full(count, MSS)
        sizes[0], sizes[-1] = 0, len(document) - MSS * (count - 2)
        p.flow_id[rows], p.flow_slot[rows] = 2 * number + 1, number
        p.payload_captured_bytes[rows], p.payload_bytes[rows] = sizes, sizes
        before = np.cumsum(sizes) - sizes
        p.payload_offset[rows], p.tcp_seq[rows] = offset + before, 1 + before
        p.tcp_seq[row], p.tcp_flags[row], p.flow_event[row] = 0, 2, 1
        p.dst_port[rows], p.src_ip_lo[rows] = 80, 0xFFFF00000000 + number
        row, offset = row + count, offset + len(document)
    return p, np.frombuffer(b"".join(documents), np.uint8)


def found_in(documents: list[bytes]) -> tuple[set[int], MyNumberDetector]:
    """Return which documents score high, read as the payload of packets."""
    detector = MyNumberDetector(None, MyNumberSettings(leaks=1 << 16))
    packets, buffer = segments(documents)
    alerts = detector.update(packets, FLOW.none, Said(buffers=(buffer, _NOTHING)))
    return set((alerts.flow_id // 2).tolist()), detector


def found_unpacked(documents: Iterable[bytes]) -> set[int]:
    """Return which documents score high, handed on as files."""
    detector, found = MyNumberDetector(), set()
    for number, document in enumerate(documents):
        flow = FlowFacts(2 * number + 1, number, 1, 40000, 80, 6, 0)
        said = Said(spoken=[Step(flow, Moment(1, 1), AppProto.HTTP, 0, True, (("file.data", document),))])
        found |= set((detector.update(PACKET.none, FLOW.none, said).flow_id // 2).tolist())
    return found


def recall(documents: list[Document]) -> dict[str, float]:
    """Return the share of leaking documents found, by encoding and wrap and together."""
    hits, total = Counter[str](), Counter[str]()
    for wrap in WRAPS:
        mine = [d for d in documents if d.wrap == wrap]
        data = [d.data for d in mine]
        found = found_unpacked(data) if wrap in _UNPACKED else found_in(data)[0]
        for number, document in enumerate(mine):
            for key in (f"{document.encoding} {wrap}", "all"):
                total[key] += 1
                hits[key] += number in found
    return {key: round(hits[key] / total[key], 4) for key in total}


def gbit_s(payload: list[bytes], repeats: int = 3) -> float:
    """Return the speed of the scanning kernel over payload in segments, by processor time: the best of repeats."""
    packets, buffer = segments(payload)
    columns, best = payloads_of(packets), 1e9
    for _ in range(repeats + 1):
        scanner = Scanner(MyNumberSettings(), keep=False)
        scanner._make_room(packets)
        row, began = 0, time.process_time()
        while row < packets.flow_id.size:
            _, row = scan_packets(columns, row, buffer, _NOTHING, scanner.lanes, scanner.tables, scanner.flow_events,
                                  scanner._out, False)
        best = min(best, time.process_time() - began)
    return round(buffer.size * 8 / best / 1e9, 2)


_PAGE = "<p class=\"note\">2026-11-25 12:00:01 四半期の報告、合計 1,234,567 円。See chapter 12, page 345.</p>\n"


def _repeated(text: str, size: int, encoding: str = "utf-8") -> list[bytes]:
    data = text.encode(encoding)
    return [(data * (size // 8 // len(data) + 1))[: size // 8] for _ in range(8)]


def speeds(megabytes: int = 16) -> dict[str, float]:
    """Return the speed over kinds of payload, in bytes on the wire."""
    rng, size = np.random.default_rng(1), megabytes << 20
    return {
        "encrypted": gbit_s([rng.bytes(size // 8) for _ in range(8)]),
        "web page, utf-8": gbit_s(_repeated(_PAGE, size)),
        "web page, cp932": gbit_s(_repeated(_PAGE, size, "cp932")),
        "documents in clear, seven candidates a kilobyte": gbit_s(list(benign_documents(size))),
        "base64 of files": gbit_s([base64.encodebytes(rng.bytes(size // 12)) for _ in range(8)]),
        "base64 of text": gbit_s([base64.encodebytes(text) for text in _repeated(_PAGE, size * 3 // 4)]),
        "base64 of those documents": gbit_s([base64.encodebytes(d) for d in benign_documents(size * 3 // 4)]),
    }


def file_speeds(repeats: int = 3) -> dict[str, dict[str, float]]:
    """Return, by kind of file, the speed of the detector over files that parsers hand on: in bytes of the file, in
    bytes that it unpacks to, and the share of the time that inflating alone takes."""
    return {kind: _file_speed(files, repeats) for kind, files in office_files().items()}


def _file_speed(files: list[bytes], repeats: int) -> dict[str, float]:
    flow = FlowFacts(1, 0, 1, 40000, 80, 6, 0)
    said = [Said(spoken=[Step(flow, Moment(1, 1), AppProto.HTTP, 0, True, (("file.data", data),))]) for data in files]
    best, inflating, unpacked = 1e9, 1e9, 0
    for _ in range(repeats + 1):
        detector = MyNumberDetector()
        began = time.process_time()
        for one in said:
            detector.update(PACKET.none, FLOW.none, one)
        best = min(best, time.process_time() - began)
        began = time.process_time()
        unpacked = sum(inflated(data) for data in files)
        inflating = min(inflating, time.process_time() - began)
    size = sum(map(len, files))
    return {"gbit_per_s": round(size * 8 / best / 1e9, 2), "unpacked_gbit_per_s": round(unpacked * 8 / best / 1e9, 2),
            "share_of_inflating": round(inflating / best, 2) if unpacked > size else 0.0}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mynumber", description=__doc__)
    parser.add_argument("--benign-mb", type=int, default=100, help="megabytes of benign documents (100)")
    parser.add_argument("--each", type=int, default=40, help="leaking documents of each encoding and wrap (40)")
    options = parser.parse_args()
    false, read, candidates, right = 0, 0, 0, 0
    for part in range(0, options.benign_mb, 10):
        documents = list(benign_documents(min(10, options.benign_mb - part) * 1_000_000, seed=7 + part))
        found, detector = found_in(documents)
        counts = detector.counters()
        false, read = false + len(found), read + counts["bytes_scanned"]
        candidates, right = candidates + counts["candidates"], right + counts["right_check_digits"]
    print(json.dumps({
        "recall": recall(list(leaking_documents(options.each))),
        "benign": {"bytes": read, "candidates": candidates, "right_check_digits": right, "false_high": false},
        "gbit_per_s_of_payload_on_one_core": speeds(),
        "files": file_speeds(),
    }, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
