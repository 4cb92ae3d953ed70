"""Write the scenario captures: ``python -m pcaps OUTPUT_DIR [--only NAME]... | --list | --seal``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from columns.errors import SekishoError
from pcaps.manifest import MANIFEST, README, Scenario, cached, chosen, sealed, with_table


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m pcaps", description=__doc__.split(":")[0])
    parser.add_argument("folder", nargs="?", type=Path, metavar="OUTPUT_DIR", help="where the captures go")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this one (may be repeated)")
    parser.add_argument("--list", action="store_true", help="say what there is and write nothing")
    parser.add_argument("--seal", action="store_true",
                        help="bring the manifest's packets and sha256 and the README's table up to date")
    options = parser.parse_args(arguments)
    if options.folder is None and not options.list and not options.seal:
        parser.error("OUTPUT_DIR is missing (or use --list)")
    try:
        if options.seal:
            seal()
        else:
            run(chosen(options.only), None if options.list else options.folder)
    except (SekishoError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, SekishoError) else 1
    return 0


def run(scenarios: list[Scenario], folder: Path | None) -> None:
    """Print one line per scenario; write its capture if there is a folder."""
    for scenario in scenarios:
        where = str(cached(scenario, folder)) if folder else scenario.name
        alerts = sum(alert.get("count", 1) for alert in scenario.alerts)
        print(f"{where}  {scenario.packets:,} packets, {alerts} alerts expected  {scenario.ja} ({scenario.en})")


def seal() -> None:
    """Write what the generators make now into the manifest and the README."""
    MANIFEST.write_text(sealed(MANIFEST.read_text("utf-8")), "utf-8")
    README.write_text(with_table(README.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
