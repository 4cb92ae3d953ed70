"""Everything a Grafana needs, as files: dashboards in both languages, and their provisioning."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from columns.errors import SekishoError
from dashboards.grafana.dashboard import LANGUAGES, dashboard_json
from dashboards.grafana.query import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.grafana.rules import FOLDER, FOLDER_UID, RECEIVER, WEBHOOK_ENV, contact_point, policy, rule_groups
from dashboards.panels import PAGES

PASSWORD_ENV = "SEKISHO_GRAFANA_PASSWORD"
_TITLES = {"ja": "Sekisho 関所（日本語）", "en": "Sekisho (English)"}
_HEAD = "# Written by `sekisho dashboards build`; changes are lost with the next build.\n"


@dataclass(frozen=True)
class Choices:
    """What is decided when dashboards are built.

    host, port, database, user: where Grafana finds ClickHouse (native protocol), as a user that may only read; its
    password is taken from the environment of Grafana, SEKISHO_GRAFANA_PASSWORD. path: where Grafana sees the folder
    ``dashboards``. rules_lang: language of the alert rules. time_from, time_to: range that a dashboard opens with.
    zones, conduits: those of the policy, for coverage and for what was never used.
    """

    host: str = "clickhouse"
    port: int = 9000
    database: str = "sekisho"
    user: str = "grafana"
    path: str = "/etc/sekisho/dashboards"
    rules_lang: str = "ja"
    time_from: str = "now-24h"
    time_to: str = "now"
    zones: Sequence[str] = ()
    conduits: Sequence[str] = ()

    @property
    def fixed(self) -> Mapping[str, Sequence[str]]:
        """The parameters of panels that are decided here."""
        return {"policy_zones": self.zones, "policy_conduits": self.conduits}


def build_files(choices: Choices) -> dict[str, str]:
    """Return the text of every file by its path in the folder; the same choices give the same bytes."""
    files = {}
    for lang in LANGUAGES:
        for page in PAGES:
            dashboard = dashboard_json(page, PAGES, lang, choices.fixed)
            dashboard["time"] = {"from": choices.time_from, "to": choices.time_to}
            files[f"dashboards/{lang}/{page.id}.json"] = json.dumps(dashboard, ensure_ascii=False, indent=1) + "\n"
    for name, document in _provisioning(choices).items():
        files[f"provisioning/{name}.yaml"] = _yaml({"apiVersion": 1, **document})
    return files


def write_files(files: Mapping[str, str], folder: Path) -> str:
    """Write the files into a folder (made if it is not there) and return their digest; others there are left alone."""
    for name, text in files.items():
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SekishoError(f"cannot write: {error.strerror}", where=str(target),
                               remedy="choose another folder with --out") from error
    return digest_of(files)


def digest_of(files: Mapping[str, str]) -> str:
    """Return 16 hex digits over names and contents."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{files[name]}\0".encode())
    return whole.hexdigest()[:16]


def datasource_json(choices: Choices, password: str) -> dict[str, Any]:
    """Return the data source: a user that may only read, over the native protocol."""
    return {"name": "Sekisho", "uid": DATASOURCE_UID, "type": DATASOURCE_TYPE, "access": "proxy", "isDefault": True,
            "jsonData": {"host": choices.host, "port": choices.port, "protocol": "native", "secure": False,
                         "username": choices.user, "defaultDatabase": choices.database, "dialTimeout": "10",
                         "queryTimeout": "60"},
            "secureJsonData": {"password": password}}


def _provisioning(choices: Choices) -> dict[str, dict[str, Any]]:
    source = datasource_json(choices, f"${PASSWORD_ENV}") | {"orgId": 1, "editable": False}
    providers = [{"name": f"sekisho-{lang}", "orgId": 1, "folder": _TITLES[lang], "folderUid": f"{FOLDER_UID}-{lang}",
                  "type": "file", "disableDeletion": True, "allowUiUpdates": False, "updateIntervalSeconds": 60,
                  "options": {"path": f"{choices.path}/{lang}"}} for lang in LANGUAGES]
    return {
        "datasources/sekisho": {"datasources": [source]},
        "dashboards/sekisho": {"providers": providers},
        "alerting/rules": {"groups": rule_groups(choices.rules_lang)},
        "alerting/contact-points": {"contactPoints": [
            {"orgId": 1, "name": RECEIVER, "receivers": [contact_point(f"${WEBHOOK_ENV}")]}]},
        "alerting/policies": {"policies": [{"orgId": 1, **policy()}]},
    }


class _Plain(yaml.SafeDumper):
    """Writes every value where it stands, and a text of several lines as a block."""

    def ignore_aliases(self, data: Any) -> bool:
        """Return True: an anchor would save bytes and cost the reader."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def _yaml(document: Mapping[str, Any]) -> str:
    return _HEAD + yaml.dump(dict(document), Dumper=_Plain, allow_unicode=True, sort_keys=False, width=120)


__all__ = ["FOLDER", "Choices", "build_files", "datasource_json", "digest_of", "write_files"]
