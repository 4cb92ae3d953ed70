"""What the commands around Grafana need: the choices, the secrets, and a clear word where the extra is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from columns.errors import UsageError

if TYPE_CHECKING:
    from dashboards.grafana.files import Choices


def choices_of(zones: Path | None, clickhouse: str, **more: Any) -> Choices:
    """Return the choices of a build; UsageError where HOST:PORT is none or the extra ``grafana`` is not installed."""
    files = _extra()
    host, _, port = clickhouse.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"{clickhouse!r} is no address", where="--clickhouse",
                         expected="HOST:PORT, as clickhouse:9000")
    names = policy_names(zones)
    return files.Choices(host=host, port=int(port), zones=names["policy_zones"], conduits=names["policy_conduits"],
                         **more)


def policy_names(zones: Path | None) -> dict[str, tuple[str, ...]]:
    """Return the zones and conduits of a policy as the panels' parameters, empty without one."""
    if zones is None:
        return {"policy_zones": (), "policy_conduits": ()}
    from zones import load_policy

    policy = load_policy(zones)
    return {"policy_zones": tuple(policy.zone_names[1:]), "policy_conduits": tuple(policy.conduit_names[1:])}


def grafana_files(choices: Choices) -> dict[str, str]:
    """Return the files for Grafana."""
    return _extra().build_files(choices)


def push_files(url: str, token: str, files: Mapping[str, str], choices: Choices, say: Callable[[str], None]) -> None:
    """Push to a Grafana; the secrets of data source and webhook come from the environment."""
    from dashboards.grafana.files import PASSWORD_ENV
    from dashboards.grafana.push import push
    from dashboards.grafana.rules import WEBHOOK_ENV

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no address of a Grafana", where="URL", expected="http:// or https:// and a host")
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError("a user or password in the address", where="URL", remedy="give a token by file or environment")
    push(url, token, files, choices, webhook=os.environ.get(WEBHOOK_ENV, ""),
         password=os.environ.get(PASSWORD_ENV, ""), say=say)


def token_of(file: Path | None, variable: str) -> str:
    """Return the token from a file or the environment; UsageError where there is none."""
    if file is not None:
        try:
            token = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot be read: {error}", where=str(file)) from error
    else:
        token = os.environ.get(variable, "").strip()
    if not token:
        raise UsageError("no token", where=str(file or f"${variable}"), expected="a service account token of Grafana",
                         remedy=f"set {variable} or name a file with --token-file")
    return token


def _extra() -> Any:
    try:
        from dashboards.grafana import files
    except ModuleNotFoundError as missing:
        raise UsageError(f"{missing.name} is not installed", where="Grafana",
                         remedy="pip install 'sekisho[grafana]'") from missing
    return files
