"""sekisho rules: checking rules, looking at them, and taking them over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, examples

EXAMPLES = examples("sekisho rules check emerging.rules", "sekisho rules show 2017121 --rules emerging.rules",
                    "sekisho rules update /tmp/emerging/rules")

FilesArgument = Annotated[list[Path] | None, typer.Argument(
    metavar="[FILE|DIR]...", help="Files of rules, or folders of *.rules. Without any: those of the configuration.")]
RulesOption = Annotated[list[Path] | None, typer.Option(
    "--rules", metavar="FILE|DIR", help="Files of rules, or folders of *.rules; may be repeated. Without it: those of "
    "the configuration.")]
HomeNetOption = Annotated[str | None, typer.Option(
    "--home-net", metavar="CIDR,…", help="HOME_NET of the rules, separated by commas. [default: the private networks]")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                  help="Rules in Suricata's language: check, look at, take over.")


@app.callback()
def group() -> None:
    """Rules in Suricata's language: check, look at, take over."""


@app.command(epilog=examples("sekisho rules check emerging.rules", "sekisho rules check rules/ local.rules --strict",
                             "sekisho rules check emerging.rules --json | jq .refused_by_keyword"))
def check(
    files: FilesArgument = None,
    strict: Annotated[bool, typer.Option(
        "--strict", help="End with exit code 2 if a rule that is switched on is refused.")] = False,
    all_: Annotated[bool, typer.Option(
        "--all", help="Show every refusal and warning, not the first 20, and those of rules switched off.")] = False,
    home_net: HomeNetOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Compile rules and report: how many can be evaluated, which are refused and why, and what is odd about others.

    Exit code 0 when the rules could be read, 2 with --strict when a rule that is switched on is refused.
    """
    from sekisho.rules_report import show_check

    refused = show_check(files or [], config, home_net, everything=all_, as_json=as_json, lang=lang)
    raise typer.Exit(2 if strict and refused else 0)


@app.command("list", epilog=examples("sekisho rules list emerging.rules", "sekisho rules list --classtype coin-mining "
                                     "--json", "sekisho rules list emerging.rules --word log4j"))
def list_(
    files: FilesArgument = None,
    word: Annotated[str | None, typer.Option(
        "--word", metavar="TEXT", help="Only rules whose text holds this, in whatever case.")] = None,
    classtype: Annotated[str | None, typer.Option(
        "--classtype", metavar="NAME", help="Only of this class type.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Also rules that are switched off.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most this many rules.")] = 100,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """List rules: sid, rev, protocol, class type, message and where each stands."""
    from sekisho.rules_report import show_list

    show_list(files or [], config, word=word, classtype=classtype, off=off, limit=limit, as_json=as_json, lang=lang)


@app.command(epilog=examples("sekisho rules show 2017121 --rules emerging.rules",
                             "sekisho rules show 1:2017121 --json"))
def show(
    sid: Annotated[str, typer.Argument(metavar="SID", help="The rule's number, or GID:SID.")],
    rules: RulesOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Show one rule: its text, and what was read out of it - buffers, conditions, fast pattern.

    Exit code 2 when there is none of this number.
    """
    from sekisho.rules_show import show_rule

    show_rule(sid, rules or [], config, as_json=as_json, lang=lang)


@app.command(epilog=examples("sekisho rules stats emerging.rules", "sekisho rules stats --json"))
def stats(
    files: FilesArgument = None, config: ConfigOption = None, as_json: JsonOption = False, lang: LangOption = None,
) -> None:
    """Count rules by action, protocol, class type, kind, buffer and keyword."""
    from sekisho.rules_report import show_stats

    show_stats(files or [], config, as_json=as_json, lang=lang)


@app.command(epilog=examples("sekisho rules update /tmp/emerging/rules", "sekisho rules update local.rules emerging/ "
                             "--config site.toml", "sekisho rules update emerging/ --dry-run --json"))
def update(
    files: Annotated[list[Path], typer.Argument(
        metavar="FILE|DIR...", help="Files of rules, or folders of *.rules: all that shall be there afterwards.")],
    directory: Annotated[Path | None, typer.Option(
        "--directory", metavar="DIR",
        help="Where sekisho.rules is kept. [default: directory of [rules], else ./sekisho-rules]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Take rules over: apply the lists of [rules] (disable, enable, modify, drop), replace the file, show what changed.

    The file is replaced in one step or not at all. Rules that are refused are left out and named. Exit code 0 when the
    rules were taken over, 2 when a file or list cannot be read.
    """
    from sekisho.rules_report import show_update

    show_update(files, directory, config, dry_run=dry_run, as_json=as_json, lang=lang)
