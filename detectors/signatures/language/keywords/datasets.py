"""dataset and datarep: sets of values that a buffer's value is looked up in."""

from __future__ import annotations

from detectors.signatures.language.draft import Draft
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import int_test, one_of, pieces, whole
from detectors.signatures.language.matches import DataRep, Dataset
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Option

KINDS = ("string", "md5", "sha256", "ipv4", "ip")
_NAMES = {"context_key": "enrichment_key"}
_KEYS = ("type", "load", "state", "save", "memcap", "hashsize", "format", "enrichment_key", "context_key", "value_key",
         "array_key", "remove_key")
_UNITS = {"kb": 10, "mb": 20, "gb": 30}


def _options(parts: list[str], known: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition(" ")
        name = _NAMES.get(name, name)
        if name not in known or name in found or (not value.strip() and name != "remove_key"):
            raise ValueProblem(f"{part or '(empty)'} is unknown, twice or without a value",
                               f"one of {', '.join(known)}")
        found[name] = value.strip()
    if "type" in found:
        one_of(found["type"], KINDS, "type")
    return found


def _size(text: str) -> int:
    word = text.lower().replace("ib", "b")
    for unit, shift in _UNITS.items():
        if word.endswith(unit):
            return whole(word.removesuffix(unit), 1, 1 << 20, "memcap") << shift
    return whole(word, 1, 1 << 40, "memcap")


def _path(draft: Draft, name: str) -> str:
    return str(draft.folder / name) if name else ""


def _need_buffer(draft: Draft) -> None:
    if draft.current is None:
        raise ValueProblem("there is no sticky buffer whose value to look up", "write it after one, such as dns.query")


@keyword("dataset")
def _read_dataset(draft: Draft, option: Option) -> None:
    _need_buffer(draft)
    parts = pieces(option.value or "")
    if len(parts) < 2 or not parts[1]:
        raise ValueProblem(f"{option.value} names no set", "write dataset:isset,NAME,type string,load FILE")
    op = one_of(parts[0], ("set", "unset", "isset", "isnotset"), "command")
    given = _options(parts[2:], _KEYS)
    if "state" in given and given.keys() & {"load", "save"}:
        raise ValueProblem("state stands with load or save", "state is both: write it alone")
    if given.keys() & {"load", "state", "save"} and "type" not in given:
        raise ValueProblem("the set has no type", f"write type and one of {', '.join(KINDS)}")
    form = one_of(given.get("format", "csv"), ("csv", "json", "jsonline", "ndjson"), "format")
    form = "jsonline" if form == "ndjson" else form
    if form != "csv" and "value_key" not in given:
        raise ValueProblem(f"format {form} without value_key", "name the key that holds the value")
    draft.add(Dataset(
        op, parts[1], given.get("type", ""), _path(draft, given.get("load", "")), given.get("state", ""),
        given.get("save", ""), form, _size(given["memcap"]) if "memcap" in given else 0,
        whole(given.get("hashsize", "0"), 0, 1 << 30, "hashsize"), given.get("enrichment_key", ""),
        given.get("value_key", ""), given.get("array_key", ""), "remove_key" in given))


@keyword("datarep")
def _read_datarep(draft: Draft, option: Option) -> None:
    _need_buffer(draft)
    parts = pieces(option.value or "")
    if len(parts) < 3:
        raise ValueProblem(f"{option.value} has too few parts", "write datarep:NAME,>,VALUE,load FILE,type string")
    one_of(parts[1], ("<", ">", "==", "="), "operator")
    test = int_test(parts[1].replace("==", "=") + parts[2], 16)
    given = _options(parts[3:], ("type", "load", "memcap", "hashsize"))
    if "load" in given and "type" not in given:
        raise ValueProblem("the set has no type", f"write type and one of {', '.join(KINDS)}")
    draft.add(DataRep(parts[0], test, given.get("type", ""), _path(draft, given.get("load", "")),
                      _size(given["memcap"]) if "memcap" in given else 0,
                      whole(given.get("hashsize", "0"), 0, 1 << 30, "hashsize")))
