"""The command ``sekisho``: its commands, and what becomes of every error.

Exit codes: 0 done; 2 wrong usage, configuration, policy or capture; 3 --fail-on reached; 1 anything else.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from sekisho import __version__
from sekisho.commands import (
    alerts,
    audit,
    check,
    columns,
    console,
    dashboards,
    dump,
    explain,
    flows,
    replay,
    rules,
    runs,
    spool,
    sql,
    store,
    zones_history,
)

TRACEBACK_ENV = "SEKISHO_TRACEBACK"

app = typer.Typer(name="sekisho", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
                  pretty_exceptions_enable=False)
app.command(epilog=replay.EXAMPLES)(replay.replay)
app.command(epilog=alerts.EXAMPLES)(alerts.alerts)
app.command(epilog=flows.EXAMPLES)(flows.flows)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=sql.EXAMPLES)(sql.sql)
app.command(epilog=audit.EXAMPLES)(audit.audit)
app.command(epilog=console.EXAMPLES)(console.console)
app.add_typer(rules.app, name="rules", epilog=rules.EXAMPLES)
app.add_typer(runs.app, name="runs", epilog=runs.EXAMPLES)
app.add_typer(spool.app, name="spool", epilog=spool.EXAMPLES)
app.add_typer(store.app, name="store", epilog=store.EXAMPLES)
app.add_typer(zones_history.app, name="zones", epilog=zones_history.EXAMPLES)
app.add_typer(dashboards.app, name="dashboards")
app.command(epilog=check.EXAMPLES)(check.check)
app.command(epilog=dump.EXAMPLES)(dump.dump)
app.command(epilog=columns.EXAMPLES)(columns.columns)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sekisho {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option(
        "--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Watch the boundaries of a network divided into zones: captures in, flows and alerts in ClickHouse out."""


def main() -> None:
    """Run the command line and end the process with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; an error becomes one line on stderr."""
    try:
        code = app(list(arguments), prog_name="sekisho", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: nothing to say, nowhere
        return 1
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(TRACEBACK_ENV):
            traceback.print_exc()
        code, line = _verdict(error)
        print(line, file=sys.stderr)
        return code


def _verdict(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the one line for an error."""
    from columns.errors import SekishoError

    if isinstance(error, SekishoError):
        return error.exit_code, f"sekisho: {error}"  # only a policy's list of errors has more than one line
    if hasattr(error, "format_message"):  # wrong usage, as typer words it; bare `sekisho` asks for help
        message = error.format_message()
        return 2, message if message.startswith("Usage:") else f"sekisho: {_one_line(message)}{_help_hint(error)}"
    if isinstance(error, (KeyboardInterrupt, typer.Abort)):
        return 1, "sekisho: interrupted"
    if isinstance(error, OSError) and error.strerror:
        return 1, f"sekisho: {error.filename or 'system'}: {error.strerror}"
    return 1, (f"sekisho: internal error: {type(error).__name__}: {_one_line(str(error))}; "
               f"{TRACEBACK_ENV}=1 in the environment shows where")


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _help_hint(error: BaseException) -> str:
    context = getattr(error, "ctx", None)
    return f"; see `{context.command_path} --help`" if context else ""
