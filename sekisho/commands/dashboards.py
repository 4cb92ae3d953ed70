"""sekisho dashboards: Grafana dashboards, made, pushed and tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sekisho.commands.options import ConfigOption, JsonOption, LangOption, StoreOption, examples
from sekisho.language import Lang

BUILD_EXAMPLES = examples("sekisho dashboards build", "sekisho dashboards build --zones policy.toml --out /srv/grafana")
PUSH_EXAMPLES = examples("SEKISHO_GRAFANA_TOKEN=… sekisho dashboards push http://127.0.0.1:3000",
                         "sekisho dashboards push http://127.0.0.1:3000 --token-file token --zones policy.toml")
CHECK_EXAMPLES = examples("sekisho dashboards check", "sekisho dashboards check --store /srv/sekisho --json")
TOKEN_ENV = "SEKISHO_GRAFANA_TOKEN"

app = typer.Typer(no_args_is_help=True, help="Dashboards for Grafana: make them, push them, try every question.",
                  rich_markup_mode=None)

ZonesOption = Annotated[Path | None, typer.Option(
    "--zones", metavar="FILE", help="Zone policy: its zones and conduits are listed even where nothing was seen.")]
HostOption = Annotated[str, typer.Option(
    "--clickhouse", metavar="HOST:PORT", help="Where Grafana finds ClickHouse (native protocol).")]
DatabaseOption = Annotated[str, typer.Option("--database", metavar="NAME", help="Database of the store.")]
UserOption = Annotated[str, typer.Option("--user", metavar="NAME", help="User of Grafana; it needs only to read.")]
RulesLangOption = Annotated[Lang, typer.Option(
    "--rules-lang", metavar="ja|en", help="Language of the alert rules, which exist once.")]


@app.callback()
def group() -> None:
    """Dashboards for Grafana: make them, push them, try every question."""


@app.command(epilog=BUILD_EXAMPLES)
def build(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the files.")] = Path("grafana"),
    zones: ZonesOption = None,
    clickhouse: HostOption = "clickhouse:9000",
    database: DatabaseOption = "sekisho",
    user: UserOption = "grafana",
    path: Annotated[str, typer.Option(
        "--path", metavar="DIR", help="Where Grafana sees the folder `dashboards`.")] = "/etc/sekisho/dashboards",
    rules_lang: RulesLangOption = Lang.JA,
    time_from: Annotated[str, typer.Option(
        "--from", metavar="TIME", help="Start of the range a dashboard opens with.")] = "now-24h",
    time_to: Annotated[str, typer.Option("--to", metavar="TIME", help="End of that range.")] = "now",
) -> None:
    """Write dashboards and provisioning for Grafana into a folder: the same choices give the same files.

    Dashboards in Japanese and English, data source (its password is taken from SEKISHO_GRAFANA_PASSWORD in Grafana's
    environment), dashboard provider, alert rules, contact point (a webhook, SEKISHO_WEBHOOK_URL) and policy.
    """
    from sekisho.grafana import choices_of, grafana_files
    from sekisho.terminal import Screen

    choices = choices_of(zones, clickhouse, database=database, user=user, path=path, rules_lang=rules_lang.value,
                         time_from=time_from, time_to=time_to)
    files = grafana_files(choices)
    from dashboards.grafana.files import write_files

    digest = write_files(files, out)
    Screen().line(f"{out}: {len(files)} files, digest {digest}")


@app.command(epilog=PUSH_EXAMPLES)
def push(
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of Grafana.")],
    token_file: Annotated[Path | None, typer.Option(
        "--token-file", metavar="FILE", help=f"File with a service account token. Without it: ${TOKEN_ENV}.")] = None,
    zones: ZonesOption = None,
    clickhouse: HostOption = "clickhouse:9000",
    database: DatabaseOption = "sekisho",
    user: UserOption = "grafana",
    rules_lang: RulesLangOption = Lang.JA,
) -> None:
    """Put dashboards and alert rules into a running Grafana (service account of the role Admin).

    The data source is written too where SEKISHO_GRAFANA_PASSWORD is set, contact point and notification policy where
    SEKISHO_WEBHOOK_URL is set. What is there under the same uid is overwritten; nothing else is touched, except the
    notification policy, of which Grafana has only one.
    """
    from sekisho.grafana import choices_of, grafana_files, push_files, token_of
    from sekisho.terminal import Screen

    choices = choices_of(zones, clickhouse, database=database, user=user, rules_lang=rules_lang.value)
    token = token_of(token_file, TOKEN_ENV)
    push_files(url, token, grafana_files(choices), choices, Screen().line)


@app.command(epilog=CHECK_EXAMPLES)
def check(
    store: StoreOption = None,
    config: ConfigOption = None,
    zones: ZonesOption = None,
    as_json: JsonOption = False,
    lang: LangOption = None,
) -> None:
    """Ask the store every question of every panel, variable, annotation and alert rule.

    Each must be answered, with columns that fit what shows them, over an hour, a day, and all that is stored. Exit
    code 1 when one is not.
    """
    from dashboards.checking import check as check_all
    from sekisho.grafana import policy_names
    from sekisho.reading import existing_store
    from sekisho.terminal import Screen

    screen = Screen(lang)
    with existing_store(store, config) as opened:
        findings = list(check_all(opened, policy_names(zones)))
    wrong = [f for f in findings if f.problem]
    if as_json:
        for f in findings:
            screen.json(vars(f) | {"ms": round(f.ms, 1)})
    else:
        if wrong:
            screen.table(("kind", "name", "range", "detail"), [(f.kind, f.name, f.span, f.problem) for f in wrong])
        slowest: Any = max(findings, key=lambda f: f.ms)
        words = screen.words
        screen.line(f"{len(findings)} {words('questions')}, {len(wrong)} {words('wrong')}; {words('slowest')}: "
                    f"{slowest.name} {slowest.span} {slowest.ms:.0f} ms")
    raise typer.Exit(1 if wrong else 0)
