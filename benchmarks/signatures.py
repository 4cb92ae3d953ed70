"""What rules cost: a replay with and without them, processor time by stage, what came so far as full evaluation.

    python -m benchmarks.signatures [CAPTURE] [RULES] [--most N] [--interpreted]

The capture is *mixed* unless another is named, the rules those of the corpus; --most takes so many of them, evenly
spread. The parsers of `make compiled` are used where they were built. Prints JSON. Processor time of this process is
counted, so other work on the machine does not count as ours.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import captures, subjects
from detectors.signatures.detector import SignatureDetector
from detectors.signatures.engine.capabilities import CAPABILITIES
from detectors.signatures.language.loading import load_rules
from detectors.signatures.language.ruleset import RuleSet
from sekisho import pipeline
from sekisho.checking import parsers_compiled
from sekisho.settings import default_settings
from sekisho.warm import load_kernels


def measured(capture: Path, ruleset: RuleSet | None, *, profile: bool = False) -> dict[str, Any]:
    """Replay a capture and return seconds of processor time by stage, rates, and the counters of the engine."""
    detectors: list[SignatureDetector] = []
    made = SignatureDetector.__init__

    def init(self: SignatureDetector, *args: Any, **named: Any) -> None:
        made(self, *args, **named | {"profile": profile})
        detectors.append(self)

    options = pipeline.ReplayOptions([capture], default_settings(), None, 65536, "local", True, ruleset)
    with mock.patch.object(SignatureDetector, "__init__", init), mock.patch.object(
            pipeline.time, "perf_counter", time.process_time):
        report = pipeline.replay(options)
    seconds = {name: round(value, 3) for name, value in report.seconds.items() if name != "kernels"}
    total = sum(seconds.values())
    found: dict[str, Any] = {
        "packets": report.packets, "bytes": report.bytes, "cpu_seconds": round(total, 3),
        "gbit_per_second": round(report.bytes * 8 / total / 1e9, 3), "stages": seconds, "alerts": report.alerts}
    if detectors:
        found["engine"] = report.counters["signatures"]
        rules = detectors[0].plan_.rules
        found["candidates"] = sum(p.candidates for p in rules)
        found["evaluated"] = sum(p.evaluated for p in rules)
        dearest = sorted(rules, key=lambda p: -p.seconds)[:10]
        found["dearest"] = [{"rule": p.where, "msg": p.rule.msg, "candidates": p.candidates, "evaluated": p.evaluated,
                             "matched": p.matched, "milliseconds": round(p.seconds * 1e3, 2)} for p in dearest]
    return found


def some_of(ruleset: RuleSet, most: int) -> RuleSet:
    """Return a rule set with at most so many rules that are on, evenly spread."""
    enabled = ruleset.enabled
    return replace(ruleset, rules=enabled[:: max(1, -(-len(enabled) // most))] if most else ruleset.rules)


def use_compiled(arguments: list[str]) -> None:
    """Begin anew with compiled parsers, unless these are there already or were not built."""
    if subjects.is_compiled() and os.environ.get("PYTHONPATH", "").split(os.pathsep)[0] != str(subjects.COMPILED):
        places = os.pathsep.join((str(subjects.COMPILED), str(captures.ROOT)))
        os.execve(sys.executable, [sys.executable, "-P", "-m", "benchmarks.signatures", *arguments],
                  {**os.environ, "PYTHONPATH": places})


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("capture", type=Path, nargs="?", default=captures.DATA / "mixed.pcap")
    arguments.add_argument("rules", type=Path, nargs="?", default=captures.corpus_folder() / "rules")
    arguments.add_argument("--most", type=int, default=0, metavar="N", help="rules (all)")
    arguments.add_argument("--interpreted", action="store_true", help="not the compiled parsers")
    given = arguments.parse_args()
    if not given.interpreted:
        use_compiled(sys.argv[1:])
    began = time.process_time()
    ruleset = load_rules([given.rules], evaluable=CAPABILITIES)
    loaded = time.process_time() - began
    ruleset = some_of(ruleset, given.most)
    load_kernels(True)
    measured(given.capture, ruleset)  # kernels of the engine are compiled or loaded
    print(json.dumps({
        "parsers": "compiled" if parsers_compiled() else "interpreted",
        "rules": {"read": len(ruleset.rules) + len(ruleset.refused), "enabled": len(ruleset.enabled),
                  "refused": len(ruleset.refused), "load_seconds": round(loaded, 2)},
        "without": measured(given.capture, None), "with": measured(given.capture, ruleset),
        "profiled": measured(given.capture, ruleset, profile=True)["dearest"]}, indent=1))


if __name__ == "__main__":
    main()
