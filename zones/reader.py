"""From the bytes of a policy file to a Draft: types, keys, dates and addresses, each fault noted with its key path."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from typing import Any

from zones.applications import ANY_APPLICATION, APPLICATIONS
from zones.contents import FORBIDDABLE
from zones.hours import parse_window, time_zone
from zones.model import KINDS, MODELS, TIERS, Conduit, Draft, Network, Sensor, Zone
from zones.names import TENANT, server_name
from zones.problems import Report
from zones.services import parse_port_range

FILE_KEYS = ("schema", "city", "model", "default", "approved_by", "approved_on", "valid_from", "timezone",
             "zone", "sensor", "service", "conduit")
ZONE_KEYS = ("ja", "rank", "kind", "cidr", "vlan", "owner", "clause", "tier", "organ", "carve_out_of")
SENSOR_KEYS = ("ja", "tap", "expects")
CONDUIT_KEYS = ("ja", "from", "from_hosts", "to", "to_hosts", "services", "app", "sanitization", "forbid",
                "max_up_mb_per_hour", "max_down_mb_per_hour", "specific", "src_mac", "sni", "tenant", "hours", "owner",
                "justification", "review_by", "exception")
CONDUIT_REQUIRED = ("from", "to", "services", "owner", "justification", "review_by")
MOST_ZONES, MOST_CONDUITS, TOP_RANK = 1000, 60000, 9
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def read_draft(data: bytes, report: Report) -> Draft | None:
    """Return what a policy file says, with every fault in report; None when nothing of it can be read."""
    try:
        text = data.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        report.add("E001", "file", f"not UTF-8 at byte {error.start}")
        return None
    except tomllib.TOMLDecodeError as error:
        twice = _defined_twice(text)
        if twice:
            report.add("E402", f"conduit.{twice}", "this id is defined twice")
        else:
            report.add("E001", "file", f"not TOML: {error}")
        return None
    return _read_document(document, report)


def _defined_twice(text: str) -> str:
    """Return the first conduit id that stands twice in the text; TOML itself says only that some key does."""
    section, seen = "", set()
    for line in text.splitlines():
        header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line)
        key = re.match(r"\s*(\"[^\"]*\"|'[^']*'|[A-Za-z0-9_-]+)\s*=\s*\{", line)
        name = ""
        if header:
            section, _, name = (part.strip(" \"'") for part in header.group(1).partition("."))
            section, name = ("", name) if section == "conduit" and name else (section, "")
        elif key and section == "conduit":
            name = key.group(1).strip("\"'")
        if name and name in seen:
            return name
        seen.add(name)
    return ""


def _read_document(document: dict[str, Any], report: Report) -> Draft:
    table = _Reader(document, "", report)
    table.known(FILE_KEYS)
    if document.get("schema") != 1 or document.get("schema") is True:
        report.add("E001", "schema", f"schema = {document.get('schema')!r}, this version reads schema = 1")
    draft = Draft(
        city=table.text("city"), model=table.text("model"), default=table.text("default"),
        approved_by=table.text("approved_by"), approved_on=table.date("approved_on"),
        timezone=table.text("timezone") or "Asia/Tokyo", valid_from=table.moment("valid_from"),
    )
    if draft.model not in MODELS:
        report.add("E002", "model", f"model = {draft.model!r}" + _nearest(draft.model, MODELS))
    try:
        time_zone(draft.timezone)
    except ValueError as error:
        report.add("E001", "timezone", str(error), remedy="write an IANA name such as Asia/Tokyo")
    draft.zones = {n: _zone(n, r) for n, r in table.tables("zone", MOST_ZONES, required=True)}
    draft.sensors = {n: _sensor(n, r) for n, r in table.tables("sensor", MOST_ZONES)}
    draft.services = _services(table)
    draft.conduits = {n: _conduit(n, r) for n, r in table.tables("conduit", MOST_CONDUITS, required=True)}
    return draft


def _zone(name: str, table: _Reader) -> Zone:
    table.known(ZONE_KEYS)
    if name == "unattributed" or not name.strip():
        table.fault("E001", "", "this name is taken", remedy="give the zone another name")
    vlans = table.items("vlan", (int,), "numbers")
    for vlan in vlans:
        if not 1 <= vlan <= 4094:
            table.fault("E105", "vlan", f"{vlan} is no VLAN id")
    rank = table.get("rank", (int,), "a whole number")
    if rank is None or not 0 <= rank <= TOP_RANK:
        table.fault("E001", "rank", f"rank = {rank!r}", remedy=f"write 0 (least) to {TOP_RANK} (most protected)")
    carved = table.get("carve_out_of", (str, list), "a zone or a list of zones")
    return Zone(
        name=name, ja=table.text("ja"), rank=rank or 0, kind=table.choice("kind", KINDS, required=True),
        networks=table.networks("cidr"), vlans=vlans, owner=table.text("owner"), clause=table.text("clause"),
        tier=table.choice("tier", TIERS) or (name if name in TIERS else ""), organ=table.text("organ"),
        carve_out_of=[carved] if isinstance(carved, str) else table.texts("carve_out_of"),
    )


def _sensor(name: str, table: _Reader) -> Sensor:
    table.known(SENSOR_KEYS)
    return Sensor(name=name, ja=table.text("ja"), tap=table.text("tap"), expects=table.texts("expects"))


def _services(table: _Reader) -> dict[str, list]:
    services = {}
    entries = table.get("service", (dict,), "a table") or {}
    reader = _Reader(entries, "service", table.report)
    for name in entries:
        services[name] = reader.parsed(name, parse_port_range, "E301")
        if not entries[name]:
            reader.fault("E301", name, "names no port")
    return services


def _conduit(name: str, table: _Reader) -> Conduit:
    table.known(CONDUIT_KEYS)
    for key in CONDUIT_REQUIRED:
        if table.values.get(key) in (None, "", []):
            table.fault("E401", key, "missing")
    tenant = table.text("tenant")
    return Conduit(
        name=name, ja=table.text("ja"), source=table.text("from"), target=table.text("to"),
        from_hosts=table.networks("from_hosts"), to_hosts=table.networks("to_hosts"),
        services=table.texts("services"), apps=_applications(table), sanitization=table.text("sanitization"),
        forbid=table.words("forbid", FORBIDDABLE),
        max_up_mb_per_hour=table.limit("max_up_mb_per_hour"), max_down_mb_per_hour=table.limit("max_down_mb_per_hour"),
        specific=bool(table.get("specific", (bool,), "true or false")),
        src_mac=table.parsed("src_mac", _mac, "E001"), sni=_server_names(table, tenant), tenant=tenant,
        hours=table.parsed("hours", parse_window, "E001"), hours_text=table.texts("hours"),
        owner=table.text("owner"), justification=table.text("justification"), review_by=table.date("review_by"),
        exception=table.text("exception"),
    )


def _applications(table: _Reader) -> list[str]:
    value = table.get("app", (str, list), "an application or a list of applications")
    names = [value] if isinstance(value, str) and value.strip() else table.texts("app") if value else []
    if ANY_APPLICATION in names:
        return []
    return table.words("app", APPLICATIONS, [n.strip().lower() for n in names])


def _server_names(table: _Reader, tenant: str) -> list[str]:
    if tenant and not any(TENANT in name for name in table.texts("sni")):
        table.fault("E001", "tenant", f"no name in sni holds {TENANT}", remedy=f'write sni = ["{TENANT}.DOMAIN"]')
    return table.parsed("sni", server_name, "E001")


def _mac(text: str) -> int:
    if not _MAC.fullmatch(text.lower()):
        raise ValueError(f"{text!r} is no MAC address such as 02:00:00:10:05:10")
    return int(text.replace(":", ""), 16)


def _network(text: str) -> Network:
    network = ip_network(text)
    if network.version == 6 and network.prefixlen >= 96 and int(network.network_address) >> 32 == 0xFFFF:
        raise ValueError(f"{text!r} is IPv4 written as IPv6")
    return network


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f"; nearest is {near[0]!r}" if near else ""


class _Reader:
    """One table of the file: hands out values of the right type and notes each that is not."""

    def __init__(self, values: dict[str, Any], path: str, report: Report) -> None:
        self.values, self.path, self.report = values, path, report

    def fault(self, code: str, key: str, message: str, *, remedy: str = "") -> None:
        self.report.add(code, ".".join(p for p in (self.path, key) if p), message, remedy=remedy)

    def known(self, keys: tuple[str, ...]) -> None:
        for key in self.values:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1, cutoff=0.0)[0]
                self.fault("E010", key, "unknown key", remedy=f"the nearest valid key is {near!r}")

    def get(self, key: str, types: tuple[type, ...], wanted: str) -> Any:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            self.fault("E001", key, f"{value!r} is not {wanted}", remedy=f"write {wanted}")
            return None
        return value

    def text(self, key: str) -> str:
        return (self.get(key, (str,), "text in quotes") or "").strip()

    def choice(self, key: str, words: tuple[str, ...], *, required: bool = False) -> str:
        word = self.text(key)
        if word in words or (not word and not required):
            return word
        self.fault("E001", key, f"{key} = {word!r}" + _nearest(word, words), remedy=f"write one of {', '.join(words)}")
        return ""

    def words(self, key: str, known: Iterable[str], given: list[str] | None = None) -> list[str]:
        words = self.texts(key) if given is None else given
        for word in words:
            if word not in known:
                self.fault("E001", key, f"{word!r} is unknown" + _nearest(word, known),
                           remedy=f"write some of {', '.join(known)}")
        return [word for word in words if word in known]

    def limit(self, key: str) -> float:
        value = self.get(key, (int, float), "a number")
        if value is not None and not 0 < value < float("inf"):
            self.fault("E001", key, f"{value} is no limit", remedy="write a number above 0")
        return float(value or 0.0)

    def date(self, key: str) -> dt.date | None:
        value = self.values.get(key)
        if isinstance(value, str) and value:
            self.fault("E406", key, f'"{value}" is a string')
        elif value not in (None, "") and (not isinstance(value, dt.date) or isinstance(value, dt.datetime)):
            self.fault("E001", key, f"{value} is not a date", remedy="write a plain TOML date such as 2027-03-31")
        elif value:
            return value
        return None

    def moment(self, key: str) -> dt.date | dt.datetime | None:
        value = self.values.get(key)
        return value if isinstance(value, dt.datetime) else self.date(key)

    def items(self, key: str, types: tuple[type, ...], wanted: str) -> list[Any]:
        values = self.get(key, (list,), f"a list of {wanted}") or []
        wrong = [v for v in values if not isinstance(v, types) or isinstance(v, bool)]
        for value in wrong:
            self.fault("E001", key, f"{value!r} does not belong in a list of {wanted}")
        return [v for v in values if isinstance(v, types) and not isinstance(v, bool)]

    def texts(self, key: str) -> list[str]:
        return self.items(key, (str,), "texts in quotes")

    def parsed(self, key: str, parse: Callable[[str], Any], code: str) -> list[Any]:
        results = []
        for text in self.texts(key):
            try:
                results.append(parse(text))
            except ValueError as error:
                self.fault(code, key, str(error))
        return results

    def networks(self, key: str) -> list[Network]:
        return self.parsed(key, _network, "E101")

    def tables(self, key: str, most: int, *, required: bool = False) -> list[tuple[str, _Reader]]:
        entries = self.get(key, (dict,), "a table") or {}
        if required and not entries:
            self.fault("E001", key, f"there is no [{key}]", remedy=f"define at least one [{key}.NAME]")
        if len(entries) > most:
            self.fault("E001", key, f"{len(entries)} entries", remedy=f"at most {most}")
        readers = []
        for name, values in entries.items():
            if isinstance(values, dict):
                readers.append((name, _Reader(values, f"{key}.{name}", self.report)))
            else:
                self.fault("E001", f"{key}.{name}", "not a table")
        return readers
