"""``python -m benchmarks``: make the captures, measure, judge, print, and keep the results as JSON."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import captures, floors, harness, report, subjects

RESULTS = subjects.OUT / "results.json"
PAGE = captures.ROOT / "docs" / "benchmarks.md"


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="runs of each subject (5); peers run 2 or 3 times")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="only subjects with such a word in their name")
    parser.add_argument("--no-peers", action="store_true", help="leave the peers out")
    parser.add_argument("--tools", action="store_true", help="tshark, tcpdump, argus, nfpcapd, ndpiReader too")
    parser.add_argument("--core", type=int, default=None, help="the core to run on (the last one)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the captures; not 1 only to try things")
    parser.add_argument("--captures-only", action="store_true", help="make the captures and stop")
    parser.add_argument("--write-docs", action="store_true", help="put the kept results into docs/benchmarks.md")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a promise is not met, or in doubt")
    return parser.parse_args(argv)


def chosen(sheets: dict[str, Any], options: argparse.Namespace) -> list[harness.Subject]:
    """Return the subjects the options ask for."""
    found = subjects.own_subjects(sheets)
    if not options.no_peers:
        found += subjects.python_peers(sheets["main"])
        if "mixed" in sheets:
            found += subjects.dissecting_peers(sheets["mixed"])
    if options.tools:
        found += subjects.tool_peers(sheets["main"])
    return [s for s in found if not options.only or any(word in s.name for word in options.only)]


def run(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure and return the document that is kept."""
    machine = harness.machine()
    folder = captures.DATA if options.scale == 1.0 else captures.DATA / f"scale-{options.scale:g}"
    sheets = {}
    for name in captures.names():
        console.print(f"capture {name} …", style="dim")
        sheets[name] = captures.make(name, folder, options.scale)
    core = harness.last_core() if options.core is None else options.core
    results: dict[str, Any] = {}
    if not options.captures_only:
        _fill_kernel_cache(sheets, core)
        for subject in chosen(sheets, options):
            console.print(f"{subject.name} …", style="dim")
            harness.warm_file(folder / f"{subject.capture}.pcap")
            results[subject.name] = harness.measure(subject, options.repeats, core).as_dict()
    for scratch in ("cold", "store"):
        shutil.rmtree(subjects.OUT / scratch, ignore_errors=True)
    return {
        "taken": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine, "core": core,
        "repeats": options.repeats, "source": _source(), "captures": _without_paths(sheets), "results": results,
        "floors": [f.as_dict() for f in floors.judged(results)],
    }


def _fill_kernel_cache(sheets: dict[str, Any], core: int) -> None:
    """Run once untimed, so that only the cold start compiles: kernels belong to the files they are compiled from."""
    subjects.OUT.mkdir(parents=True, exist_ok=True)
    for environment in (subjects.kernel_cache, *([subjects.compiled_parsers] if subjects.is_compiled() else [])):
        for name in ("main", "ipv6"):
            subject = subjects.replay("fill", sheets[name], "--payload")
            harness.run_once(subject.argv, core, environment())


def _without_paths(sheets: dict[str, Any]) -> dict[str, Any]:
    return {name: {k: v for k, v in sheet.items() if k != "path"} for name, sheet in sheets.items()}


def _source() -> str:
    """Return the digest of the kernels that were measured."""
    from columns.kernel import kernel_digest

    return kernel_digest()


def main(argv: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    options, console = parsed(argv), Console(width=None if sys.stdout.isatty() else 180)
    if options.write_docs:
        if not RESULTS.is_file():
            console.print(f"{RESULTS} is not there; run `python -m benchmarks` first")
            return 2
        report.write_docs(json.loads(RESULTS.read_text()), PAGE)
        return 0
    document = run(options, console)
    partial = options.only or options.captures_only or options.no_peers or options.scale != 1.0
    target = RESULTS.with_name("partial.json") if partial else RESULTS
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")
    report.print_report(document, console, with_results=not options.captures_only)
    console.print(f"kept in {Path(target).relative_to(captures.ROOT)}", style="dim")
    return 1 if options.strict and not all(f["met"] and not f["shared"] for f in document["floors"]) else 0


if __name__ == "__main__":
    sys.exit(main())
