"""The kernels as plain Python (NUMBA_DISABLE_JIT=1) tell the same as the compiled ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from detectors.flood import FloodDetector, FloodSettings
from detectors.scan import ScanDetector, ScanSettings
from tests.support.traffic import (
    NO_FLOWS,
    SYN,
    TCP,
    UDP,
    Traffic,
    joined,
    low,
    many,
    merged,
    rows_of,
)

ROOT = Path(__file__).parents[2]
PROGRAM = """
import pickle, sys, json
from tests.detectors.test_detectors_without_jit import tell
with open(sys.argv[1], "rb") as file:
    print(json.dumps(tell(pickle.load(file))))
"""


def tell(batches: list) -> list:
    """All alerts of scan and flood detectors over batches of packets and flows."""
    found = []
    for detector in (
        ScanDetector(ScanSettings(min_hosts=3, min_ports=4, slow_targets=8, max_walks=64, max_slow_sources=16,
                                  max_episodes=8)),
        FloodDetector(FloodSettings(syn_per_s=20, udp_per_s=20, max_hosts=64, max_prefixes=16, end_s=3)),
    ):
        for packets, flows in batches:
            found += rows_of(detector.update(packets, flows))
        found += rows_of(detector.finish())
        found.append(detector.counters())
    return found


def batches() -> list:
    rng = np.random.default_rng(8)
    traffic = Traffic()
    for n in range(90):
        traffic.refused(n * 0.3, f"10.0.0.{n % 3 + 1}", 40000 + n, f"10.0.1.{rng.integers(1, 9)}",
                        int(rng.integers(1, 30)))
        traffic.tcp(n * 0.3, "10.0.0.9", 30000 + n, f"10.0.2.{n + 1}", 445, SYN)
        if n % 9 == 0:
            traffic.connection(n * 0.3, "10.0.0.1", 50000 + n, "10.0.2.200", 443)
    floods = [many(300, per_s=60, proto=proto, tcp_flags=flags, src_port=rng.integers(1024, 65536, 300), dst_port=80,
                   src_ip_lo=low("198.18.0.0") + rng.integers(0, 500, 300).astype(np.uint64),
                   dst_ip_lo=low("203.0.113.0") + rng.integers(0, hosts, 300).astype(np.uint64))
              for proto, flags, hosts in ((TCP, SYN, 1), (UDP, 0, 256), (TCP, 16, 200))]
    six = many(200, per_s=50, proto=UDP, ip_version=6, src_ip_hi=0x20010DB8_00000001, src_ip_lo=np.arange(200),
               dst_ip_hi=0x20010DB8_00000002, dst_ip_lo=7, src_port=53)
    packets = merged(traffic.packets(), *floods, six)
    return [(type(p)(*[a.copy() for a in p]), type(f)(*[a.copy() for a in f]))
            for p, f in joined(packets, (400, 900))]


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="this is the run without the compiler")
def test_plain_python_tells_the_same(tmp_path: Path) -> None:
    import pickle

    rows = batches()
    compiled = json.loads(json.dumps(tell(rows)))
    assert sum("why" in row for row in compiled) >= 6
    file = tmp_path / "batches.pickle"
    file.write_bytes(pickle.dumps(rows))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(file)], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == compiled
    assert tell([(p, NO_FLOWS) for p, _ in rows]) != compiled
