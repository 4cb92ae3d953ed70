"""The keyword modbus: a unit, and a function or an access, of requests of Modbus."""

from __future__ import annotations

import re
from typing import Any

from detectors.signatures.language import conditions as c
from detectors.signatures.language.draft import Draft
from detectors.signatures.language.integers import IntTest
from detectors.signatures.language.keywords.registry import keyword
from detectors.signatures.language.keywords.values import int_test, one_of, pieces, whole
from detectors.signatures.language.problems import ValueProblem
from detectors.signatures.language.rule import Option

_PUBLIC = frozenset({"assigned", "unassigned"})
_CATEGORIES = {"assigned": frozenset({"assigned"}), "unassigned": frozenset({"unassigned"}), "public": _PUBLIC,
               "user": frozenset({"user"}), "reserved": frozenset({"reserved"}),
               "all": _PUBLIC | {"user", "reserved"}}
_MEMORIES = ("discretes", "coils", "input", "holding")
_READ_ONLY = ("discretes", "input")
_NEXT = {"unit": ("function", "access"), "function": ("subfunction",), "access": ("address",), "address": ("value",)}
"""What may stand after a part."""
_FORM = "such as unit 10, function 8, subfunction 4 or access write coils, address 500, value 1"


@keyword("modbus", quotes="optional")
def _read_modbus(draft: Draft, option: Option) -> None:
    draft.require_apps(("modbus",), "modbus")
    allowed: tuple[str, ...] = ("unit", "function", "access")
    said: dict[str, Any] = {}
    for piece in pieces((option.value or "").strip().lower()):
        name, _, value = piece.partition(" ")
        if name not in allowed or not value.strip():
            raise ValueProblem(f"{piece or '(empty)'} is not how its value is written", _FORM)
        said |= _PARTS[name](value.strip())
        allowed = _NEXT.get(name, ())
    _check(said)
    draft.conditions.append(c.ModbusRequest(**said))


def _check(said: dict[str, Any]) -> None:
    """Refuse what can never hold."""
    address = said.get("address")
    if "value" in said and address is not None and address.op != "=":
        raise ValueProblem("a value is asked for at several addresses", "write one address")
    if "value" in said and said["access"] != "write":
        raise ValueProblem("a value is asked for in what is read", "write access write")
    if said.get("access") == "write" and said.get("memory") in _READ_ONLY:
        raise ValueProblem(f"{said['memory']} can only be read", "write access read")
    if "subfunction" in said and "function" not in said:
        raise ValueProblem("a category of functions has no subfunction", "write a number after function")


def _unit(value: str) -> dict[str, Any]:
    return {"unit": _test(value, 8)}


def _function(value: str) -> dict[str, Any]:
    if value[0].isdigit():
        return {"function": whole(value, 1, 255, "function")}
    word = one_of(value.lstrip("!").strip(), _CATEGORIES, "category of functions")
    named = _CATEGORIES[word]
    return {"categories": _CATEGORIES["all"] - named if value.startswith("!") else named}


def _access(value: str) -> dict[str, Any]:
    way, _, memory = value.partition(" ")
    said = {"access": one_of(way, ("read", "write"), "access")}
    return said | {"memory": one_of(memory, _MEMORIES, "memory")} if memory.strip() else said


def _test(value: str, bits: int) -> IntTest:
    if not re.fullmatch(r"[<>]?\s*\d+|\d+\s*<>\s*\d+", value):
        raise ValueProblem(f"{value} is no number, >, < or range", _FORM)
    return int_test(value, bits)


_PARTS = {"unit": _unit, "function": _function, "access": _access,
          "subfunction": lambda value: {"subfunction": whole(value, 0, 65_535, "subfunction")},
          "address": lambda value: {"address": _test(value, 16)}, "value": lambda value: {"value": _test(value, 16)}}
