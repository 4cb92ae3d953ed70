"""What rules ask of parsers: the protocols whose buffers they look into, and under which names."""

from __future__ import annotations

from collections.abc import Sequence

from columns.app import AppProto
from columns.said import FlowFacts
from detectors.signatures.engine.context import named_by_alerts
from detectors.signatures.engine.prepared import Prepared, fits_app

WIDER = {"http1": "http", "http2": "http", "smb": "dcerpc"}
"""Names that rules for more than one protocol have."""
_MDNS = 5353
_APP_NAMES = {**{app: app.name.lower() for app in AppProto},
              AppProto.HTTP: "http1", AppProto.FTP_DATA: "ftp-data", AppProto.UNKNOWN: ""}
_KEPT = ("file.", "event")
"""Beginnings of names that may be looked at whatever the rules say."""

Names = tuple[frozenset[str], tuple[str, ...]]
"""Names, and beginnings of names."""


def app_name(app: AppProto, flow: FlowFacts) -> str:
    """Return the name that rules have for a protocol."""
    if app == AppProto.DNS and _MDNS in (flow.src_port, flow.dst_port):
        return "mdns"
    return _APP_NAMES[app]


class Asked:
    """What the rules about transactions ask for. protocols: those that they are bound to, None for any.

    always: names of protocols that some of them have no pattern for, "" for any.
    """

    def __init__(self, rules: Sequence[Prepared], always: Sequence[str]) -> None:
        self._rules, self._always = [p for p in rules if p.is_tx], frozenset(always)
        bound = {tuple(p.rule.app_protos) for p in self._rules}
        self.protocols: frozenset[AppProto] | None = None if () in bound else frozenset(
            app for app in AppProto if any(fits_app(wanted, name) for wanted in bound for name in _names(app)))
        self._names: dict[AppProto, Names | None] = {}

    def matters(self, app: AppProto, buffers: Sequence[tuple[str, bytes]]) -> bool:
        """Return whether a rule, or its alert, may be about one of the buffers of a transaction."""
        if app not in self._names:
            self._names[app] = self._names_of(_APP_NAMES[app])
        found = self._names[app]
        if found is None:
            return True
        names, beginnings = found
        return any(name in names or name.startswith(beginnings) for name, _ in buffers)

    def _names_of(self, app: str) -> Names | None:
        """Return what may be looked at of a protocol; None for everything, as where a rule has no pattern."""
        told = named_by_alerts(app)
        if told is None or self._always & {"", app, WIDER.get(app, app)}:
            return None
        rules = [p for p in self._rules if fits_app(p.rule.app_protos, app)]
        if any(p.transaction or p.rule.direction == "=>" for p in rules):
            return None
        return frozenset(g.buffer for p in rules for g in p.groups), (*_KEPT, *told)


def _names(app: AppProto) -> tuple[str, ...]:
    return ("dns", "mdns") if app == AppProto.DNS else (_APP_NAMES[app],)
