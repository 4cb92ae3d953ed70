"""A suricata.yaml as plain data: mappings, lists and texts, with what it includes. The file may be hostile.

All values stay texts, as Suricata itself keeps them: YAML's own kinds would make 80:443 a number of base 60.
Source: https://docs.suricata.io/en/latest/configuration/suricata-yaml.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from columns.errors import ConfigError

MAX_BYTES = 4 << 20
MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_FILES = 32
_INCLUDE, _LONGEST_LIST = "include", 256
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass
class SuricataYaml:
    """What a suricata.yaml says. tree: mappings, lists and texts; absent: included files that are not there."""

    path: Path
    tree: dict[str, Any] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)


def read_suricata_yaml(path: Path | None, changes: tuple[str, ...] | list[str] = ()) -> SuricataYaml:
    """Return what a file and the files it includes say, with changes (KEY=VALUE, as Suricata's --set) over it.

    Without a file there are the changes alone; files that they name are looked for in the present folder.

    ConfigError: it cannot be read, is not YAML, is larger than 4 MiB, nested deeper than 32 levels, or says more than
    50,000 things; a change is none. An included file that is not there is noted.
    """
    found = SuricataYaml(path or Path("--set"))
    if path is not None:
        found.tree = _Reader(found).document(path, required=True)
    for change in changes:
        change_key(found.tree, change)
    return found


class _Reader:
    """Reads one file after another, within limits that hold for all of them together."""

    def __init__(self, found: SuricataYaml) -> None:
        self._found, self._folder = found, found.path.parent
        self._nodes = self._files = 0

    def document(self, path: Path, depth: int = 0, *, required: bool = False) -> dict[str, Any]:
        """Return the mapping that a file holds, included at a depth; an empty one where it is absent, not required."""
        self._files += 1
        if self._files > MAX_FILES:
            raise ConfigError(f"more than {MAX_FILES} files are included", where=str(path), remedy="include fewer")
        if not path.is_file():
            if required:
                raise ConfigError("is no file that can be read", where=str(path), expected="a suricata.yaml")
            self._found.absent.append(str(path))
            return {}
        root = self._root(path)
        if root is None:
            return {}
        if not isinstance(root, yaml.MappingNode):
            raise ConfigError("holds no keys", where=str(path), expected="a suricata.yaml")
        return self._mapping(root, path, depth, top=True)

    def _root(self, path: Path) -> yaml.Node | None:
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"cannot be read ({error.strerror})", where=str(path)) from None
        if len(data) > MAX_BYTES:
            raise ConfigError("is larger than 4 MiB", where=str(path), expected="a suricata.yaml")
        try:
            self._measure(data, path)
            return yaml.compose(data, Loader=_Loader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark is not None else ""
            raise ConfigError(f"is not YAML: {getattr(error, 'problem', None) or error}", where=f"{path}{line}",
                              remedy="mend the line") from None
        except (UnicodeError, ValueError):
            raise ConfigError("is not UTF-8 text", where=str(path), expected="a suricata.yaml") from None

    def _measure(self, data: bytes, path: Path) -> None:
        """Refuse what is nested too deeply before anything recurses on it."""
        depth = 0
        for event in yaml.parse(data, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    raise ConfigError(f"is nested deeper than {MAX_DEPTH} levels", where=str(path))
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int, *, top: bool = False) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
            if key == _INCLUDE and top:
                for name in self._names(value_node):
                    made |= self.document(self._folder / name, depth + 1)
            elif key:
                made[key] = self._plain(value_node, path, depth + 1)
        return made

    def _names(self, node: yaml.Node) -> list[str]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        return [one.value for one in nodes if isinstance(one, yaml.ScalarNode) and one.value]

    def _plain(self, node: yaml.Node, path: Path, depth: int) -> Any:
        """Aliases are followed, so what they repeat counts each time, and one that holds itself runs into the depth."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ConfigError(f"says more than {MAX_NODES} things", where=str(path))
        if depth > MAX_DEPTH:
            raise ConfigError(f"is nested deeper than {MAX_DEPTH} levels", where=str(path))
        if isinstance(node, yaml.ScalarNode):
            return self.document(self._folder / node.value, depth) if node.tag == "!include" else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(one, path, depth + 1) for one in node.value]
        return self._mapping(node, path, depth)  # type: ignore[arg-type]


def change_key(tree: dict[str, Any], change: str) -> None:
    """Apply one KEY=VALUE: names are joined by dots, and a number counts within a list, from 0."""
    key, equals, value = change.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names) or len(names) > MAX_DEPTH:
        raise ConfigError(f"{change!r} is no change", where="--set", expected="KEY=VALUE such as stream.midstream=true")
    place: Any = tree
    for name, following in zip(names, [*names[1:], ""], strict=True):
        new: Any = value.strip() if not following else [] if following.isdecimal() else {}
        place = _entered(place, name, new, last=not following, change=change)


def _entered(place: Any, name: str, new: Any, *, last: bool, change: str) -> Any:
    """Return what stands in a place under a name, made where it is not there or is no holder of others."""
    if isinstance(place, list):
        number = int(name) if name.isdecimal() else -1
        if not 0 <= number < _LONGEST_LIST:
            raise ConfigError(f"{change!r} has {name!r} in a list", where="--set",
                              expected=f"a number that counts from 0, below {_LONGEST_LIST}")
        place += [""] * (number + 1 - len(place))
        holder, key = place, number
    else:
        holder, key = place, name
    there = holder[key] if isinstance(holder, list) else holder.get(key)
    if last or not isinstance(there, (dict, list)):
        if isinstance(holder, list) and isinstance(there, str) and isinstance(new, dict) and name.isdecimal():
            new = {there: {}} if there else new
        holder[key] = there = new
    return there
