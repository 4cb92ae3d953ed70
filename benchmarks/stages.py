"""``python -m benchmarks.stages CAPTURE``: processor seconds of each stage, and of each detector by itself.

The stages see exactly what they see in a replay. Detectors are called one by one on the same rows, so that the cost
of each is seen; the chain's own work comes on top of it in a replay.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import captures
from columns import PACKET, Flows, Packets, rows_in, slice_rows
from detectors.contract import Detector
from sekisho.detection import build_chain
from sekisho.digest import ResultDigest
from sekisho.settings import default_settings
from sensor.capture import open_capture
from sensor.decode import Decoder
from sensor.flow import FlowTable
from zones import Policy, judge_flows, load_policy

POLICY = captures.ROOT / "zones" / "examples" / "city.toml"


class Stages:
    """One pass over a capture with a stopwatch of processor time on every stage."""

    def __init__(self, policy: Policy) -> None:
        settings = default_settings()
        self.policy, self.seconds = policy, Counter[str]()
        self.decoder, self.table = Decoder(settings.decode), FlowTable(settings.flow)
        self.detectors: list[Detector] = build_chain(settings, policy).detectors
        self.digest, self.frames, self.flows, self.alerts = ResultDigest(), 0, 0, 0

    def run(self, path: Path, batch: int) -> dict[str, Any]:
        """Pass a capture through all stages; return packets, flow rows, alert rows and seconds by stage."""
        with open_capture(path) as capture:
            for block in self.each("capture", capture.blocks(batch)):
                self.frames += block.offset.size
                for packets, _ in self.each("decode", self.decoder.decode(block)):
                    for start, stop, flows in self.each("flow", self.table.update(packets)):
                        self.judge(slice_rows(packets, start, stop), flows)
        for flows in self.each("flow", self.table.finish()):
            self.judge(PACKET.empty(0), flows)
        for detector in self.detectors:
            with self.watch(detector.name):
                self.alerts += rows_in(detector.finish())
        return {"packets": self.frames, "flow_rows": self.flows, "alert_rows": self.alerts,
                "seconds": dict(self.seconds)}

    def judge(self, packets: Packets, flows: Flows) -> None:
        """Show rows to the zones, to each detector and to the digest."""
        self.flows += rows_in(flows)
        if rows_in(flows):
            with self.watch("zones"):
                judge_flows(self.policy, flows)
            with self.watch("digest"):
                self.digest.add_flows(flows)
        for detector in self.detectors:
            with self.watch(detector.name):
                self.alerts += rows_in(detector.update(packets, flows))

    @contextmanager
    def watch(self, stage: str) -> Iterator[None]:
        """Add the processor time spent inside to a stage."""
        began = time.thread_time()
        yield
        self.seconds[stage] += time.thread_time() - began

    def each(self, stage: str, items: Iterable[Any]) -> Iterator[Any]:
        """Pass items on, adding the processor time it took to make each to a stage."""
        iterator = iter(items)
        while True:
            with self.watch(stage):
                item = next(iterator, None)
            if item is None:
                return
            yield item


def main() -> None:
    """Measure the capture once after a pass that loads the kernels, and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("capture", type=Path)
    parser.add_argument("--batch", type=int, default=65536)
    options, policy = parser.parse_args(), load_policy(POLICY)
    Stages(policy).run(options.capture, options.batch)
    print(json.dumps(Stages(policy).run(options.capture, options.batch)))


if __name__ == "__main__":
    main()
