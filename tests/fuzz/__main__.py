"""``python -m tests.fuzz [SECONDS] [SEED]``: damaged captures through the whole replay for a fixed time.

Takes the scenario captures (and the corpus where it is), damages them byte by byte, by cutting, doubling and swapping
stretches, and replays each. Any exception but CaptureError, and any frame that is not accounted for, ends the run with
the seed and the damaged capture kept for a closer look.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from columns.errors import CaptureError
from pcaps.manifest import cached, load_manifest
from sensor.capture.counts import REFUSALS
from tests.support.replay import replay

ROOT = Path(__file__).parents[2]
LARGEST = 200_000  # bytes of a seed capture: small ones are damaged more often per second


def seeds(folder: Path) -> list[bytes]:
    """Return the captures to start from."""
    scenarios = [cached(s, folder) for s in load_manifest().values() if s.packets < 800]
    corpus = ROOT.parent / "shared" / "corpus"
    real = [p for name in ("arkime", "pcapng", "malformed", "zeek") for p in (corpus / name).rglob("*.pcap*")]
    return [p.read_bytes()[:LARGEST] for p in [*scenarios, *sorted(real)]]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Return a capture with a few wounds behind its first header."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(24, max(len(out), 25))
        kind, length = rng.randrange(5), rng.randint(1, 64)
        if kind == 0:
            out[at : at + 1] = bytes([rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))])
        elif kind == 1:
            out[at : at + 4] = rng.randrange(1 << 32).to_bytes(4, "little")
        elif kind == 2:
            del out[at : at + length]
        elif kind == 3:
            out[at:at] = out[at : at + length]
        else:
            out[at : at + length] = rng.randbytes(length)
    return bytes(out)


def check(path: Path) -> int:
    """Replay a damaged capture; return its frames, or raise what must not happen."""
    try:
        report = replay(path, policy=ROOT / "zones" / "examples" / "city.toml").report
    except CaptureError:
        return 0
    reader, decoder = report.counters["capture"], report.counters["decode"]
    refused = sum(n for cause, n in report.refused.items() if cause not in REFUSALS)
    assert reader["records_found"] == reader["frames"] + sum(reader[cause] for cause in REFUSALS)
    assert reader["frames"] == decoder["frames_in"] == decoder["processed"] + refused
    assert not [note for note in report.notes if "failed" in note], report.notes
    return reader["frames"]


def main(seconds: float = 120, seed: int | None = None) -> None:
    """Damage and replay until the time is up."""
    seed = int(time.time()) if seed is None else seed
    rng, began, runs, frames = random.Random(seed), time.monotonic(), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        starts, path = seeds(Path(folder)), Path(folder) / "damaged.pcap"
        while time.monotonic() - began < seconds:
            path.write_bytes(damaged(rng.choice(starts), rng))
            try:
                frames += check(path)
            except BaseException:
                kept = Path(tempfile.gettempdir()) / f"sekisho-fuzz-{seed}-{runs}.pcap"
                kept.write_bytes(path.read_bytes())
                print(f"seed {seed}, capture {runs}: kept as {kept}", file=sys.stderr)
                raise
            runs += 1
    print(f"{runs} damaged captures, {frames} frames, seed {seed}: no crash, every frame accounted for")


if __name__ == "__main__":
    main(*(float(a) if i == 0 else int(a) for i, a in enumerate(sys.argv[1:3])))
