"""sekisho spool: what waits for the server, sending it, giving it up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples

EXAMPLES = examples("sekisho spool status", "sekisho spool drain", "sekisho spool clear --yes")

SpoolOption = Annotated[Path | None, typer.Option(
    "--spool", metavar="DIR", help="Folder of the spool. [default: path of [spool] in the configuration]")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                  help="The rows that wait on this machine for a ClickHouse server.")


@app.command(epilog=examples("sekisho spool status", "sekisho spool status --spool /var/spool/sekisho --json"))
def status(
    spool: SpoolOption = None, config: ConfigOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Show what waits in the spool, and what it had to give up; also while another process fills it."""
    from sekisho.spooling import show_status

    show_status(spool, config, as_json=as_json, lang=lang)


@app.command(epilog=examples("sekisho spool drain", "sekisho spool drain --config site.toml"))
def drain(
    store: StoreOption = None, spool: SpoolOption = None, config: ConfigOption = None, as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Send what waits in the spool to its server, for as long as that answers.

    Without a server in --store, $SEKISHO_STORE or the configuration it is the one that the spool was filled for. Exit
    code 1 when something still waits because the server has not answered for wait_s of [spool].
    """
    from sekisho.spooling import drain_and_show

    raise typer.Exit(drain_and_show(store, spool, config, as_json=as_json, lang=lang))


@app.command(epilog=examples("sekisho spool clear --yes"))
def clear(
    spool: SpoolOption = None, config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Needed: what waits is lost.")] = False,
) -> None:
    """Give up everything that waits in the spool. The rows are counted as lost; replay their captures again."""
    if not yes:
        raise typer.BadParameter("what waits in the spool would be lost; --yes says that this is meant")
    from sekisho.spooling import clear_and_show

    clear_and_show(spool, config)
