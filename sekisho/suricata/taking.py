"""A suricata.yaml taken over into the settings: what has a counterpart is, all the rest is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from columns.errors import ConfigError
from sekisho.config import bounds, override
from sekisho.settings import Settings, plain_fields, section_class
from sekisho.suricata import keys as k
from sekisho.suricata.reading import SuricataYaml, read_suricata_yaml
from sekisho.suricata.values import network_text, switch, words
from sensor.streams.settings import overlap_list

_NAMED = 8


@dataclass
class TakenOver:
    """Settings with what a suricata.yaml says over them; keys taken over, keys without a counterpart, and remarks."""

    path: Path
    settings: Settings
    taken: list[str] = field(default_factory=list)
    untaken: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def notes(self, *, everything: bool = False) -> list[str]:
        """Return what to tell: the remarks, and the keys without a counterpart, all of them or the first few."""
        shown = self.untaken if everything else self.untaken[:_NAMED]
        more = len(self.untaken) - len(shown)
        rest = f": {', '.join(shown)}" + (f" and {more} more" if more else "") if shown else ""
        return [*(f"{self.path}: {remark}" for remark in self.remarks),
                f"{self.path}: {len(self.taken)} keys are taken over, {len(self.untaken)} have no counterpart{rest}"]

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"file": str(self.path), "taken_over": self.taken, "without_counterpart": self.untaken,
                "remarks": self.remarks}


def take_over(settings: Settings, path: Path | None, changes: Sequence[str] = ()) -> TakenOver:
    """Return settings with a suricata.yaml over them; changes are KEY=VALUE, as Suricata's --set takes them.

    A value beyond what the setting here allows becomes the nearest that it does, with a remark; one that is no value
    of its key raises ConfigError. Relative files are looked for beside the suricata.yaml.
    """
    found = read_suricata_yaml(path, list(changes))
    taking = _Taking(found, settings)
    taking.all()
    return taking.result


class _Taking:
    def __init__(self, found: SuricataYaml, settings: Settings) -> None:
        self._found, self._tree = found, found.tree
        self.result = TakenOver(found.path, settings)
        self._left = dict(leaves(found.tree))

    def all(self) -> None:
        """Take over everything that has a counterpart; name the rest."""
        self.result.remarks += [f"{name} is included and is not there" for name in self._found.absent]
        for key in k.KEYS:
            self._take(self._tree, "", key)
        self._variables()
        self._rules()
        self._reputation()
        self._hosts()
        self._protocols()
        self._outputs()
        self.result.untaken = sorted({_without_numbers(name) for name in self._left})
        self.result.taken = sorted(set(self.result.taken))

    def _take(self, tree: Any, prefix: str, key: k.Key) -> None:
        value = at(tree, key.path)
        if value is None or value == "":
            return
        path = prefix + key.path
        try:
            read = key.read(value)
        except ValueError as error:
            raise ConfigError(f"{path} = {str(value)[:60]!r} {error}", where=str(self._found.path),
                              remedy=f"see {key.setting} in docs/configuration.md") from None
        if key.section == "rules":
            read = self._file(path, str(read))
            if not read:
                return
        self._set(key.section, key.name, read, path)

    def _set(self, section: str, name: str, value: Any, *paths: str) -> None:
        """Set one setting, within its range, and note the keys that it comes from."""
        field_ = next(f for f in plain_fields(section_class(section)) if f.name == name)
        low, high = bounds(field_)
        if isinstance(value, int) and not isinstance(value, bool) and low is not None:
            nearest = max(low, min(value, high))
            if nearest != value and not (value >= 1 << 50 and nearest == high):
                self.result.remarks.append(f"{paths[0]} is {value:,}, and [{section}] {name} is {nearest:,} instead")
            value = nearest
        self.result.settings = override(self.result.settings, section, {name: value}, str(self._found.path))
        self._done(*paths)

    def _done(self, *paths: str) -> None:
        """Note keys, and all that stands below them, as taken over."""
        for path in paths:
            for name in [n for n in self._left if n == path or n.startswith((f"{path}.", f"{path}["))]:
                del self._left[name]
                self.result.taken.append(_without_numbers(name))

    def _file(self, path: str, name: str) -> str:
        """Return the place of a file, "" where it is not there."""
        place = self._found.path.parent / name
        if place.is_file():
            return str(place)
        self.result.remarks.append(f"{path} names {name}, which is not there")
        self._left.pop(path, None)
        return ""

    # parts of the file

    def _variables(self) -> None:
        both: dict[str, str] = {}
        for group in ("address-groups", "port-groups"):
            entries = at(self._tree, f"vars.{group}")
            if isinstance(entries, dict):
                both |= {name: _joined(value) for name, value in entries.items() if value not in ("", None)}
        if both:
            self._set("rules", "vars", {**both, **self.result.settings.rules.vars}, "vars")

    def _rules(self) -> None:
        """Files of rules, for when the command line names none."""
        there = self._files("rule-files", "default-rule-path")
        if there and not self.result.settings.rules.files:
            self._set("rules", "files", there, "rule-files", "default-rule-path")

    def _reputation(self) -> None:
        """Files of the reputations of addresses."""
        there = self._files("reputation-files", "default-reputation-path")
        if there:
            self._set("rules", "reputation", there, "reputation-files", "default-reputation-path")

    def _files(self, key: str, folder_key: str) -> list[str]:
        """Return the files of a list that are in its folder; the first few that are not get a remark."""
        names = words(at(self._tree, key) or [])
        folder = self._found.path.parent / str(at(self._tree, folder_key) or "")
        absent = [name for name in names if not (folder / name).is_file()]
        self.result.remarks += [f"{key} names {name}, which is not in {folder}" for name in absent[:_NAMED]]
        return [str(folder / name) for name in names if name not in absent]

    def _hosts(self) -> None:
        """Which of two overlapping segments counts, by the systems of the hosts."""
        lists: dict[str, list[str]] = {}
        for name, hosts in _mapping(at(self._tree, "host-os-policy")).items():
            if (policy := k.OVERLAPS.get(str(name))) is None:
                continue
            self._done(f"host-os-policy.{name}")
            for text in words(hosts or []):
                network = network_text(text)
                if network is None:
                    self.result.remarks.append(f"host-os-policy.{name}: {text!r} is no address or network")
                elif not any(network in taken for taken in lists.values()):
                    lists.setdefault(policy, []).append(network)
        for policy, networks in lists.items():
            self._set("streams", overlap_list(policy), networks)

    def _protocols(self) -> None:
        off, heads = [], []
        for name, options in _mapping(at(self._tree, "app-layer.protocols")).items():
            word = str(_mapping(options).get("enabled", "")).strip().lower()
            path = f"app-layer.protocols.{name}.enabled"
            for transport in ("udp", "tcp"):
                inner = at(options, f"{transport}.enabled")
                if inner is not None and switch(inner):
                    self._done(f"app-layer.protocols.{name}.{transport}.enabled")
            if not word or name not in k.APP_PROTOS:
                continue
            if word == "detection-only":
                heads += k.APP_PROTOS[name]
            elif not switch(word):
                off += k.APP_PROTOS[name]
            self._done(path)
        if off:
            self._set("protocols", "off", off)
        if heads:
            self._set("protocols", "recognised_only", heads)

    # outputs

    def _outputs(self) -> None:
        events: list[str] = []
        outputs = at(self._tree, "outputs")
        for number, output in enumerate(outputs if isinstance(outputs, list) else []):
            for name, options in _mapping(output).items():
                path, on = f"outputs[{number}].{name}", _is_on(options)
                if name == "eve-log" and on:
                    events += self._eve(options, path)
                elif name == "file-store" and on:
                    self._hash("sha256", f"{path}.enabled", f"{path}.version")
                elif not on:
                    self._done(path)
        if events:
            self._set("eve", "events", list(dict.fromkeys(events)))
            self._set("eve", "ipv6_full", True)
            self._set("eve", "answered_alerts", True)

    def _hash(self, name: str, *paths: str) -> None:
        known = self.result.settings.files.hashes
        self._set("files", "hashes", list(dict.fromkeys([*known, name])), *paths)

    def _eve(self, options: dict[str, Any], path: str) -> Iterable[str]:
        self._done(f"{path}.enabled", f"{path}.filename", f"{path}.filetype")
        xff = _is_on(at(options, "xff"), default=False)
        self._done(f"{path}.xff.enabled")
        for key in k.EVE_KEYS:
            if xff or not key.path.startswith("xff."):
                self._take(options, f"{path}.", key)
        types = options.get("types")
        events: list[str] = []
        for number, entry in enumerate(types if isinstance(types, list) else []):
            for name, settings in (entry.items() if isinstance(entry, dict) else [(str(entry), {})]):
                place = f"{path}.types[{number}]" + (f".{name}" if isinstance(entry, dict) else "")
                if _is_on(settings):
                    events += k.EVENTS.get(name, (name,))
                    self._type(name, _mapping(settings), place)
                    if not settings:
                        self._done(place)
                    self._done(f"{place}.enabled")
                else:
                    self._done(place)
        return events

    def _type(self, name: str, settings: dict[str, Any], place: str) -> None:
        """Take over the options of one type of events. Suricata shows passwords of MQTT unless it is told not to."""
        xff = _is_on(settings.get("xff"), default=False)
        for key in k.TYPE_KEYS.get(name, ()):
            if xff or not key.path.startswith("xff."):
                self._take(settings, f"{place}.", key)
        if xff:
            self._done(f"{place}.xff.enabled")
        if name == "alert" and at(settings, "metadata.rule.reference") is None:
            self._set("eve", "references", False)
        if name == "mqtt" and "passwords" not in settings:
            self._set("mqtt", "passwords", True)
        if name == "smtp" and settings.get("md5"):
            self._set("smtp", "md5", True, f"{place}.md5")
        if name == "anomaly":
            self._anomalies(settings, place)

    def _anomalies(self, settings: dict[str, Any], place: str) -> None:
        """Suricata writes those of protocols unless they are off, and the others where they are on."""
        said = _mapping(settings.get("types"))
        kinds = [name for name, default in (("applayer", "yes"), ("decode", "no"), ("stream", "no"))
                 if switch(said.get(name) or default)]
        self._set("eve", "anomalies", kinds or ["decode"], f"{place}.types")


def at(tree: Any, path: str) -> Any:
    """Return what stands at a path of names joined by dots, None where nothing does."""
    for name in path.split("."):
        if not isinstance(tree, dict) or name not in tree:
            return None
        tree = tree[name]
    return tree


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything that holds nothing else. The tree is no deeper than reading lets it be."""
    if isinstance(tree, dict) and tree:
        for name, value in tree.items():
            yield from leaves(value, f"{path}.{name}" if path else name)
    elif isinstance(tree, list) and tree:
        for number, value in enumerate(tree):
            yield from leaves(value, f"{path}[{number}]")
    elif path:
        yield path, tree


def _without_numbers(path: str) -> str:
    """Return a path as people write it: places in lists do not matter."""
    return "".join(part.partition("]")[2] if k else part for k, part in enumerate(path.split("[")))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_on(options: Any, *, default: bool = True) -> bool:
    """Whether an output or a type is on; those that do not say are."""
    said = _mapping(options).get("enabled")
    if not isinstance(said, str) or not said:
        return default
    return said.strip().lower() not in ("no", "false", "0", "off")


def _joined(value: Any) -> str:
    return f"[{','.join(words(value))}]" if isinstance(value, list) else str(value)
