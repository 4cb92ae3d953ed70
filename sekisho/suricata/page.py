"""The page of the documentation for those who come from Suricata: which keys of a suricata.yaml are taken over."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.suricata import keys as k

_HEAD = """\
# Coming from Suricata (Suricata からの移行)

<!-- Written by `python -m sekisho.documents`; the tests compare it with the tables. -->

Bring your rules and your suricata.yaml:

```sh
sekisho replay monday.pcapng --suricata-yaml /etc/suricata/suricata.yaml --eve eve.json
sekisho replay monday.pcapng --suricata-yaml suricata.yaml --set stream.midstream=true --rules local.rules
sekisho replay monday.pcapng --rules local.rules --set app-layer.protocols.snmp.enabled=no    # without a file
sekisho dump --suricata-yaml suricata.yaml > site.toml    # the same as a configuration of Sekisho, to go on with
```

or name it in the configuration, where what the configuration itself says goes before it:

```toml
[rules]
suricata_yaml = "suricata.yaml"
```

Without either, `replay`, `rules check`, `list`, `show`, `stats` and `profile` take over the `suricata.yaml` that stands
beside the rules that the command line names, or above their folder `rules`: rules mean what they mean under the file
that they were written for. A note says so; what the configuration says goes before it; `--no-suricata-yaml`, or [rules]
`suricata_yaml_beside = false`, leaves it out.

Whatever has a counterpart here is taken over. One note says how many keys were, and names the first of those that have
none; `--json` names them all under `suricata_yaml`. A value beyond the range of a setting here becomes the nearest in
it, with a note. A value that is none of its key is an error (exit code 2). Nothing is dropped in silence.

- **The file** is read as Suricata reads it: every value is a text, yes/no, true/false and 1/0 are switches, sizes take
  kb, mb and gb of 1024. `include` and `!include` are followed, from the folder of the file; one that is absent is
  noted. At most 4 MiB a file, 32 files, 32 levels and 50,000 values in all are read.
- **Files that it names** (rules, class types, references, thresholds) are looked for beside it; what is absent is
  noted.
  `rule-files` are used where neither `--rules` nor [rules] `files` names rules.
- **`--set KEY=VALUE`** changes one key, as Suricata's does: names are joined by dots, a number counts in a list from 0.
- **EVE**: with an `eve-log` only the events of its `types` are written, IPv6 addresses with all zeros, and alerts about
  TCP once Suricata would tell them ([eve] `answered_alerts`): an alert of a request mostly shows the response, too.
  Passwords of MQTT are kept as Suricata does, unless `passwords: no` stands there: without a suricata.yaml they never
  are.
- **`--simulate-ips`** (or [signatures] `inline`) judges as an inline sensor would: streams are looked at with each
  packet, after a drop or reject of a flow nothing more of it is looked at, and such alerts say `blocked`. Nothing is
  ever blocked.

Named on the command line, a **file of rules** must be right: a rule that is wrong by itself ends the command with its
place and remedy (exit code 2). Those of folders, of the configuration and of `rules update` are noted and left out, and
so are rules that need what is not here. [rules] `invalid` changes that.

## Keys

| key of suricata.yaml | setting here |
|---|---|
"""

_GROUPS = (
    ("vars.address-groups, vars.port-groups", "[rules] vars; those of the configuration go before them"),
    ("rule-files, default-rule-path", "[rules] files, where none are named"),
    ("reputation-files, default-reputation-path", "[rules] reputation"),
    ("host-os-policy", "[streams] overlap_first (first, vista), overlap_last (last), overlap_linux (linux), "
                       "overlap_old_linux (old-linux), overlap_solaris (solaris, old-solaris, hpux11), overlap_bsd "
                       "(the others)"),
    ("app-layer.protocols.NAME.enabled", "[protocols] off (no), recognised_only (detection-only)"),
    ("include", "followed"),
)
_OUTPUTS = (
    ("outputs.eve-log.types", "[eve] events"),
    ("outputs.eve-log.types.smtp.md5", "[smtp] md5"),
    ("outputs.eve-log.types.anomaly.types", "[eve] anomalies"),
    ("outputs.file-store.enabled", "[files] hashes gets sha256; files are never kept"),
)


def suricata_page() -> str:
    """Return docs/suricata.md."""
    return _HEAD + "".join((*_rows(), *_protocols()))


def _rows() -> Iterator[str]:
    for key in k.KEYS:
        yield _row(key.path, key.setting)
    for names, meaning in _GROUPS:
        yield _row(names, meaning)
    for key in k.EVE_KEYS:
        yield _row(f"outputs.eve-log.{key.path}", key.setting)
    for name, found in k.TYPE_KEYS.items():
        for key in found:
            yield _row(f"outputs.eve-log.types.{name}.{key.path}", key.setting)
    for names, meaning in _OUTPUTS:
        yield _row(names, meaning)


def _row(names: str, meaning: str) -> str:
    return f"| {', '.join(f'`{name}`' for name in names.split(', '))} | {meaning} |\n"


def _protocols() -> Iterator[str]:
    yield "\nProtocols that can be switched off, or be only recognised: "
    yield ", ".join(f"`{name}`" for name in k.APP_PROTOS) + ".\n"
    yield "\nEvents have the names of Suricata's types, but: "
    yield "; ".join(f"`{name}` is {', '.join(f'`{e}`' for e in events)}" for name, events in k.EVENTS.items()
                    if (name,) != events) + ".\n"
    yield """
## What has no counterpart

Threads, run modes, capture interfaces, memory caps of hash tables, the detect engine's profiles, logging of Suricata
itself, other outputs than EVE, file-store, Lua, unix-socket, and limits of single parsers that are not in the table.
"""
