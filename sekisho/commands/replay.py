"""sekisho replay: captures in; flows and alerts into the store and EVE; what was found on the terminal."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sekisho.commands.options import (
    ConfigOption,
    JsonOption,
    LangOption,
    SeverityName,
    StoreOption,
    examples,
)

EXAMPLES = examples(
    "sekisho replay monday.pcapng --zones zones.toml",
    "sekisho replay captures/ --no-store --json",
    "sekisho replay monday.pcapng --rules rules/",
    "sekisho replay monday.pcapng --suricata-yaml /etc/suricata/suricata.yaml --set stream.midstream=true",
    "sekisho replay dump.pcap.gz --no-store --eve - | jq 'select(.event_type == \"alert\")'",
    "tcpdump -r old.pcap -w - 'not port 22' | sekisho replay - --fail-on high",
)


class Checksums(StrEnum):
    """What to do about checksums, as the option takes it."""

    AUTO = "auto"
    VALIDATE = "validate"
    IGNORE = "ignore"


def replay(
    capture: Annotated[list[Path], typer.Argument(
        metavar="CAPTURE...", help="Captures (pcap, pcapng, also .gz and .zst), replayed one after another as one "
        "stream; a folder stands for its captures by name, `-` for standard input.")],
    config: ConfigOption = None,
    zones: Annotated[Path | None, typer.Option(
        "--zones", metavar="FILE|DIR", help="Zone policy, or the folder of its editions. Without one, here "
        "or in the configuration, zones are not judged.",
    )] = None,
    store: StoreOption = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="Keep nothing; only show what was found.")] = False,
    eve: Annotated[str | None, typer.Option(
        "--eve", metavar="FILE|-", help="Also write EVE JSON lines to a file, or to stdout (`-`).")] = None,
    checksums: Annotated[Checksums | None, typer.Option(
        "--checksums", metavar="auto|validate|ignore",
        help="auto: a bad checksum refuses the packet unless the capture shows checksum offload; "
        "validate: always; ignore: never. [default: that of the configuration]")] = None,
    home_net: Annotated[str | None, typer.Option(
        "--home-net", metavar="CIDR,…", help="Networks of our own, separated by commas: without a zone policy, "
        "flows are labelled home and external by them.")] = None,
    rules: Annotated[list[Path] | None, typer.Option(
        "--rules", metavar="FILE|DIR", help="Rules in Suricata's language: a file, or a folder for its *.rules; may be "
        "given several times. They imply --payload.")] = None,
    suricata_yaml: Annotated[Path | None, typer.Option(
        "--suricata-yaml", metavar="FILE", help="Take over what a suricata.yaml says and has a counterpart here: "
        "variables, streams, protocols, limits, EVE (docs/suricata.md). The rest is named. Without it: the one that "
        "stands beside the --rules, if there is one.")] = None,
    no_suricata_yaml: Annotated[bool, typer.Option(
        "--no-suricata-yaml", help="Leave out the suricata.yaml that stands beside the --rules.")] = False,
    suricata_set: Annotated[list[str] | None, typer.Option(
        "--set", metavar="KEY=VALUE", help="Set one key as a suricata.yaml does, over that of --suricata-yaml if "
        "there is one; may be given several times.")] = None,
    simulate_ips: Annotated[bool, typer.Option(
        "--simulate-ips", help="Judge as an inline sensor would: after a drop or reject nothing more of the flow is "
        "looked at, and such alerts say blocked. Nothing is ever blocked.")] = False,
    payload: Annotated[bool | None, typer.Option(
        "--payload/--no-payload", show_default=False,
        help="Look into what is said (DNS, TLS, HTTP, …), or leave it at flows and detectors. "
        "[default: look where it is kept, in a store or an EVE file]")] = None,
    batch: Annotated[int | None, typer.Option(
        "--batch", metavar="N", help="Frames taken at once. Moves memory and speed, never a result.")] = None,
    workers: Annotated[int | None, typer.Option(
        "--workers", metavar="N", min=0, max=64, help="Processes that look into what is said, each into its share; 1: "
        "only the replay's own, 0: one for each core. Moves speed and memory, never a result. [default: 0 for files "
        "of 32 MB together or more]")] = None,
    sensor: Annotated[str | None, typer.Option(
        "--sensor", metavar="NAME", help="Name of the sensor in the store and in EVE.")] = None,
    site: Annotated[str | None, typer.Option(
        "--site", metavar="NAME", help="Name of the site in the store.")] = None,
    fail_on: Annotated[SeverityName | None, typer.Option(
        "--fail-on", metavar="critical|high|medium|low",
        help="End with exit code 3 when an alert is at least this severe.")] = None,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option(
        "--quiet", "-q", help="No progress, no notes, no tables; only errors.")] = False,
    lang: LangOption = None,
) -> None:
    """Replay captures: decode, build flows, judge zones, detect; keep the results and show what was found.

    The same captures under the same configuration and policy are one run: replayed again, nothing is stored twice.
    Ctrl-C ends a replay in order: what was read is kept, the run is marked as interrupted, the exit code is 1.
    """
    if no_suricata_yaml and suricata_yaml is not None:
        raise typer.BadParameter("--suricata-yaml and --no-suricata-yaml exclude each other")
    if no_store and store is not None:
        raise typer.BadParameter("--store and --no-store exclude each other")
    if eve == "-" and as_json:
        raise typer.BadParameter("--eve - and --json both want stdout; write one of them to a file")
    from sekisho.replaying import Request, run_replay

    code = run_replay(Request(
        captures=capture, config=config, zones=zones, store=store, keep=not no_store,
        eve=eve, checksums=checksums and checksums.value, home_net=home_net, rules=rules or (),
        suricata_yaml=suricata_yaml, suricata_set=suricata_set or (), beside=not no_suricata_yaml,
        simulate_ips=simulate_ips,
        payload=payload,
        batch=batch, workers=workers, sensor=sensor, site=site, fail_on=fail_on and fail_on.number,
        as_json=as_json, quiet=quiet, lang=lang,
    ))
    raise typer.Exit(code)
