"""Dashboards and alert rules into a running Grafana, through its API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

from columns.errors import GrafanaError
from dashboards.grafana.files import Choices, datasource_json
from dashboards.grafana.rules import (
    FOLDER,
    FOLDER_UID,
    GROUP,
    INTERVAL_S,
    RECEIVER,
    contact_point,
    policy,
    rule_groups,
)

TIMEOUT_S = 30.0


def push(url: str, token: str, files: Mapping[str, str], choices: Choices, *, webhook: str = "", password: str = "",
         say: Callable[[str], None] = lambda text: None) -> None:
    """Create or update folder, dashboards and alert rules; data source and contact point where their secrets are given.

    files: as build_files made them. webhook: address to call; without it contact point and policy are left as they
    are. password: of the read-only user; without it the data source is left as it is. Whatever is there of the same
    uid is overwritten. GrafanaError when Grafana cannot be reached or refuses.
    """
    from grafana_client import GrafanaApi

    with _trouble(url):
        api = GrafanaApi.from_url(url, credential=token, timeout=TIMEOUT_S)
        say(f"Grafana {api.health.check().get('version', '?')}")
        if password:
            _datasource(api, datasource_json(choices, password))
            say("data source Sekisho")
        _folder(api)
        for name in sorted(n for n in files if n.startswith("dashboards/")):
            api.dashboard.update_dashboard({"dashboard": json.loads(files[name]), "folderUid": FOLDER_UID,
                                            "overwrite": True, "message": "sekisho dashboards push"})
            say(f"dashboard {name.removeprefix('dashboards/').removesuffix('.json')}")
        _rules(api, choices.rules_lang)
        say(f"alert rules {GROUP}")
        if webhook:
            _contact_point(api, webhook)
            say(f"contact point {RECEIVER}, notification policy")


def _datasource(api: Any, wanted: dict[str, Any]) -> None:
    if _there(lambda: api.datasource.get_datasource_by_uid(wanted["uid"])):
        api.datasource.update_datasource_by_uid(wanted["uid"], wanted)
    else:
        api.datasource.create_datasource(wanted)


def _folder(api: Any) -> None:
    if not _there(lambda: api.folder.get_folder(FOLDER_UID)):
        api.folder.create_folder(FOLDER, uid=FOLDER_UID)


def _rules(api: Any, lang: str) -> None:
    (group,) = rule_groups(lang)
    rules = [rule | {"orgID": 1, "folderUID": FOLDER_UID, "ruleGroup": GROUP} for rule in group["rules"]]
    body = {"title": GROUP, "folderUid": FOLDER_UID, "interval": INTERVAL_S, "rules": rules}
    api.alertingprovisioning.update_rule_group(FOLDER_UID, GROUP, body)


def _contact_point(api: Any, webhook: str) -> None:
    wanted = contact_point(webhook) | {"name": RECEIVER}
    known = {point["uid"] for point in api.alertingprovisioning.get_contactpoints()}
    if wanted["uid"] in known:
        api.alertingprovisioning.update_contactpoint(wanted["uid"], wanted)
    else:
        api.alertingprovisioning.create_contactpoint(wanted)
    api.alertingprovisioning.set_notification_policy_tree(policy())


def _there(ask: Callable[[], Any]) -> bool:
    """Does what is asked for exist?"""
    from grafana_client.client import GrafanaClientError

    try:
        ask()
    except GrafanaClientError as error:
        if error.status_code != 404:
            raise
        return False
    return True


@contextmanager
def _trouble(url: str) -> Any:
    from grafana_client.client import GrafanaException, GrafanaTimeoutError, GrafanaUnauthorizedError

    try:
        yield
    except GrafanaUnauthorizedError as error:
        raise GrafanaError("the token is not accepted", where=url,
                           remedy="give a service account token of the role Admin in SEKISHO_GRAFANA_TOKEN") from error
    except GrafanaTimeoutError as error:
        raise GrafanaError("no answer in time", where=url) from error
    except GrafanaException as error:
        raise GrafanaError(f"Grafana refused: {error.status_code} {_one_line(error.message)}", where=url) from error
    except OSError as error:
        raise GrafanaError(f"cannot be reached: {_one_line(error)}", where=url,
                           expected="the address of a running Grafana") from error


def _one_line(text: Any) -> str:
    return " ".join(str(text).split())[:300]
