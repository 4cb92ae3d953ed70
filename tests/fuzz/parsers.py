"""``python -m tests.fuzz.parsers [SECONDS] [SEED]``: conversations changed wherever a change reaches new lines.

Takes conversations of the scenario captures (and of the corpus where it is), as each parser was given them, changes
them, and keeps every change that made a parser run a line that none had run before: from those it goes on. Any
exception, and any conversation that takes too long for its bytes, ends the run with the conversation kept.
"""

from __future__ import annotations

import os
import pickle
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from columns.errors import CaptureError
from pcaps.manifest import cached, load_manifest
from sensor.capture import open_capture
from sensor.protocols import DATAGRAM_WANTS, STREAM_WANTS
from sensor.protocols.parser import Wants
from tests.support.dissecting import dissected
from tests.support.protocol_runs import flow_of, run_datagrams, run_stream

ROOT = Path(__file__).parents[2]
LARGEST, KEPT, SLOW_S_PER_KB = 60_000, 400, 0.02
Talk = list[tuple[bool, Any]]


class Reached:
    """Counts lines of the parsers that were run for the first time; functions of which none is left cost nothing."""

    def __init__(self) -> None:
        self.lines = 0
        self._left: dict[CodeType, set[int]] = {}
        sys.settrace(self._call)

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        left = self._left.get(code)
        if left is None:
            ours = "/sensor/protocols/" in code.co_filename
            left = self._left[code] = {line for _, _, line in code.co_lines() if line is not None} if ours else set()
        return self._line if left else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        left = self._left[frame.f_code]
        if event == "line" and frame.f_lineno in left:
            left.discard(frame.f_lineno)
            self.lines += 1
        return self._line


def recorded(want: Wants, into: dict[Any, list[Talk]]) -> Wants:
    """Return a protocol whose parser notes what it is given."""
    class Noting(want.parser):
        def __init__(self, context: Any) -> None:
            super().__init__(context)
            self.noted: Talk = []
            into[want].append(self.noted)

        def data(self, to_server: bool, data: bytes, at: Any) -> None:
            self.noted.append((to_server, data))
            super().data(to_server, data, at)

        def datagram(self, to_server: bool, data: bytes, at: Any) -> None:
            self.noted.append((to_server, data))
            super().datagram(to_server, data, at)

    methods = "data" if hasattr(want.parser, "data") else "datagram"
    delattr(Noting, "datagram" if methods == "data" else "data")
    return want._replace(parser=Noting)


def seeds(folder: Path) -> dict[Wants, list[Talk]]:
    """Return conversations by protocol, each cut to a size that is run often."""
    found: dict[Any, list[Talk]] = defaultdict(list)
    streams = [recorded(w, found) for w in STREAM_WANTS]
    datagrams = [recorded(w, found) for w in DATAGRAM_WANTS]
    scenarios = [cached(s, folder) for s in load_manifest().values() if s.packets < 800]
    corpus = Path(os.environ.get("SEKISHO_CORPUS") or ROOT.parent / "shared" / "corpus")
    real = [p for name in ("arkime", "zeek", "suricata-verify/events") for p in (corpus / name).rglob("*.pcap*")]
    for path in [*scenarios, *(p for p in sorted(real) if p.stat().st_size < 300_000)]:
        try:
            with open_capture(path) as capture:
                dissected(capture.blocks(4096), streams, datagrams)
        except CaptureError:
            continue
    return {want: [_short(t) for t in talks if t][:KEPT] for want, talks in found.items() if any(talks)}


def _short(talk: Talk) -> Talk:
    short: Talk = []
    room = LARGEST
    for to_server, data in talk:
        if room <= 0:
            break
        short.append((to_server, data[:room]))
        room -= len(data)
    return short


def changed(talk: Talk, other: Talk, rng: random.Random) -> Talk:
    """Return a conversation with a few pieces and bytes that are not as they were."""
    out = list(talk)
    for _ in range(rng.randint(1, 4)):
        at, kind = rng.randrange(len(out)), rng.randrange(8)
        to_server, data = out[at]
        if kind == 0 and len(out) > 1:
            del out[at]
        elif kind == 1:
            out.insert(at, out[rng.randrange(len(out))])
        elif kind == 2:
            out[at] = not to_server, data
        elif kind == 3:
            out.insert(at, rng.choice(other))
        elif isinstance(data, bytes) and data:
            out[at] = to_server, _damaged(data, rng)
    return out


def _damaged(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(out) or 1)
        kind, length = rng.randrange(6), rng.randint(1, 16)
        if kind == 0:
            out[at : at + 1] = bytes([rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))])
        elif kind == 1:
            out[at : at + 2] = rng.choice((0, 1, 0xFFFF, len(out), rng.randrange(1 << 16))).to_bytes(2, "big")
        elif kind == 2:
            del out[at : at + length]
        elif kind == 3:
            out[at:at] = out[at : at + length]
        elif kind == 4:
            del out[at:]
        else:
            out[at : at + length] = rng.randbytes(length)
    return bytes(out)


def run(want: Wants, talk: Talk) -> None:
    """Give a conversation to a parser; raise for what takes too long."""
    began = time.monotonic()
    if hasattr(want.parser, "data"):
        run_stream(want.parser, talk, flow_of())
    else:
        run_datagrams(want.parser, [(side, d) for side, d in talk if isinstance(d, bytes)], flow_of(proto=17))
    size = sum(len(d) for _, d in talk if isinstance(d, bytes))
    took = time.monotonic() - began
    if took > 1 + SLOW_S_PER_KB * size / 1024:
        raise TimeoutError(f"{took:.1f} s for {size} bytes")


def main(seconds: float = 60, seed: int | None = None) -> None:
    """Change and run until the time is up."""
    seed = int(time.time()) if seed is None else seed
    rng, runs, found = random.Random(seed), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        known = seeds(Path(folder))
    reached, wants, began = Reached(), list(known), time.monotonic()
    for want in wants:
        for talk in known[want]:
            run(want, talk)
    first = reached.lines
    while time.monotonic() - began < seconds:
        want = wants[runs % len(wants)]
        talk = changed(rng.choice(known[want]), rng.choice(known[want]), rng)
        before = reached.lines
        try:
            run(want, talk)
        except BaseException:
            kept = Path(tempfile.gettempdir()) / f"sekisho-fuzz-{want.app_proto.name.lower()}-{seed}-{runs}.pickle"
            kept.write_bytes(pickle.dumps(talk))
            print(f"seed {seed}, {want.parser.__name__}: conversation kept as {kept}", file=sys.stderr)
            raise
        if reached.lines > before:
            known[want].append(talk)
            found += 1
        runs += 1
    print(f"{runs} conversations of {len(wants)} parsers, {found} reached new lines ({first} to {reached.lines}), "
          f"seed {seed}: no crash, none too slow")


if __name__ == "__main__":
    main(*(float(a) if i == 0 else int(a) for i, a in enumerate(sys.argv[1:3])))
