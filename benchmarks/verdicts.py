"""``python -m benchmarks.verdicts``: what the zones add to a flow: 1 M flows, 50 zones, 500 conduits, as JSON.

Labels, verdicts, limits of bytes, and then the detector that reads the verdicts: all that a replay does for zones once
a flow row is there. Flows are drawn with a fixed seed; of a hundred one goes where no conduit is (--violations), and
each of these is an alert of its own until storm control holds them back.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from columns import FLOW, PACKET, slice_rows
from columns.app import AppProto
from columns.codes import Certainty, Outcome
from detectors.zone_verdicts import ZoneVerdicts
from zones import Policy
from zones.flow_judge import FlowJudge
from zones.loading import examine
from zones.policy import build_policy

ZONES, CONDUITS, FLOWS, BATCH = 50, 500, 1_000_000, 65536
MAPPED = 0xFFFF00000000
START_NS = 1_791_860_400 * 10**9  # a Tuesday


def policy_text(random: np.random.Generator) -> str:
    """Return a free policy of ZONES zones and CONDUITS conduits; every fifth has hours, an application or a limit."""
    lines = ['schema = 1\ncity = "benchmark"\nmodel = "free"\ndefault = "deny"\napproved_by = "x"\n'
             "approved_on = 2026-01-01", '[zone.net]\nrank = 0\nkind = "external"\ncidr = ["0.0.0.0/0"]\nowner = "-"']
    lines += [f'[zone.z{n}]\nrank = {n % 5}\nkind = "internal"\ncidr = ["10.{n}.0.0/16"]\nowner = "x"'
              for n in range(ZONES - 1)]
    lines.append('[service]\na = ["tcp/443"]\nb = ["tcp/22"]\nc = ["tcp/25"]\nd = ["udp/53"]')
    extra = ("", 'hours = ["Mon-Fri 08:00-18:00"]', 'app = "tls"', "max_up_mb_per_hour = 500", "")
    for n in range(CONDUITS):
        a, b = random.choice(ZONES - 1, 2, replace=False)
        lines.append(f'[conduit.c{n}]\nfrom = "z{a}"\nto = "z{b}"\nto_hosts = ["10.{b}.{n % 250}.0/24"]\n'
                     f'services = ["{"abcd"[n % 4]}"]\nowner = "x"\njustification = "y"\nreview_by = 2027-10-31\n'
                     f"{extra[n % 5]}")
    return "\n".join(lines)


def flow_rows(policy: Policy, random: np.random.Generator, count: int, violations: float) -> Any:
    """Return flow rows that lie on a conduit of the policy but for a share of them."""
    flows = FLOW.empty(count)
    conduits = [policy.conduits[k] for k in random.integers(0, len(policy.conduits), count).tolist()]
    target = np.array([int(c.to_hosts[0].network_address) for c in conduits], np.uint64)
    source = np.array([int(c.source[1:]) for c in conduits], np.uint64)
    off = random.random(count) < violations
    flows.src_ip_lo[:] = MAPPED | 10 << 24 | source << np.uint64(16) | random.integers(1, 65000, count, np.uint64)
    flows.dst_ip_lo[:] = MAPPED | target | random.integers(1, 250, count, np.uint64)
    flows.dst_port[:] = np.where(off, 8080, [c.ports[0].low for c in conduits])
    flows.proto[:] = [c.ports[0].proto for c in conduits]
    flows.src_port[:] = random.integers(1024, 65535, count)
    flows.ts_start_ns[:] = START_NS + np.sort(random.integers(0, 3600 * 10**9, count))
    flows.ts_end_ns[:] = flows.ts_start_ns + 10**9
    flows.clock_ns[:] = flows.ts_end_ns
    flows.direction_certainty[:] = int(Certainty.SYN_SEEN)
    flows.outcome[:] = int(Outcome.ESTABLISHED)
    flows.app_proto[:] = np.where(flows.dst_port == 443, int(AppProto.TLS), 0)
    flows.bytes_toserver[:], flows.bytes_toclient[:] = 2000, 20000
    flows.flow_id[:] = random.integers(1, 1 << 53, count, np.uint64)
    flows.first_packet[:] = flows.emitted_before[:] = np.arange(1, count + 1)
    return flows


def timed(step: Callable[[], Any]) -> float:
    """Return the processor seconds of a call."""
    began = time.thread_time()
    step()
    return time.thread_time() - began


def measure(count: int, repeats: int, violations: float) -> dict[str, Any]:
    """Return nanoseconds a flow of judging and of the detector, least of several runs in processor time."""
    random = np.random.default_rng(6)
    draft, problems = examine(policy_text(random).encode())
    errors = [str(p) for p in problems if p.level == "error"]
    assert draft is not None, problems
    assert not errors, errors[:3]
    policy = build_policy(draft, "", ())
    flows = flow_rows(policy, random, count, violations)
    spent: dict[str, list[float]] = {"judge": [], "detector": []}
    verdicts = np.zeros(16, np.int64)
    for _ in range(repeats + 1):  # the first loads the kernels
        judge, detector = FlowJudge(policy), ZoneVerdicts(policy)
        seconds = [0.0, 0.0]
        for at in range(0, count, BATCH):
            part = slice_rows(flows, at, min(at + BATCH, count))
            seconds[0] += timed(partial(judge.judge, part))
            seconds[1] += timed(partial(detector.update, PACKET.none, part))
        spent["judge"].append(seconds[0])
        spent["detector"].append(seconds[1])
        verdicts = np.bincount(flows.verdict, minlength=16)
    took = {name: min(values[1:]) for name, values in spent.items()}
    return {"flows": count, "zones": len(policy.zones), "conduits": len(policy.conduits),
            "added_ns_per_flow": round(sum(took.values()) / count * 1e9, 1),
            "judge_ns_per_flow": round(took["judge"] / count * 1e9, 1),
            "detector_ns_per_flow": round(took["detector"] / count * 1e9, 1),
            "verdicts": {str(k): int(n) for k, n in enumerate(verdicts) if n}}


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", type=int, default=FLOWS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--violations", type=float, default=0.01, help="share of flows without a conduit (0.01)")
    options = parser.parse_args()
    print(json.dumps(measure(options.flows, options.repeats, options.violations)))


if __name__ == "__main__":
    main()
