"""LDAP's inspection buffers, from messages as they are shown."""

from __future__ import annotations

from sensor.protocols.ldap.message import OPERATIONS, RESULTS, Message

Buffers = list[tuple[str, bytes]]
_NUMBERS = {name: tag & 0x1F for tag, name in OPERATIONS.items()}
_CODES = {name: code for code, name in RESULTS.items()}
_NAMES = ("base_object", "name", "entry", "object", "dn")


def request_buffers(message: Message) -> Buffers:
    """Return the buffers of a request."""
    own = message.shown.get(message.operation) or {}
    shown: Buffers = [("ldap.request.operation", b"%d" % _NUMBERS[message.operation])]
    if message.operation != "extended_request":
        shown += [("ldap.request.dn", own[name].encode()) for name in _NAMES if own.get(name)][:1]
    return shown + [("ldap.request.attribute_type", name.encode()) for name in _attributes(own)]


def response_buffers(message: Message) -> Buffers:
    """Return the buffers of one response."""
    own = message.shown.get(message.operation) or {}
    shown: Buffers = [("ldap.responses.operation", b"%d" % _NUMBERS[message.operation])]
    if "result_code" in own:
        code = own["result_code"]
        shown.append(("ldap.responses.result_code", b"%d" % _CODES[code] if code in _CODES else code.encode()))
    shown += [("ldap.responses.dn", own[name].encode()) for name in ("base_object", "matched_dn") if own.get(name)]
    if own.get("message"):
        shown.append(("ldap.responses.message", own["message"].encode()))
    return shown + [("ldap.responses.attribute_type", name.encode()) for name in _attributes(own)]


def _attributes(own: dict[str, object]) -> list[str]:
    found: list[str] = []
    for one in own.get("attributes") or []:  # type: ignore[attr-defined]
        found.append(one if isinstance(one, str) else one.get("type") or one.get("name") or "")
    for change in own.get("changes") or []:  # type: ignore[attr-defined]
        found.append(change["modification"].get("attribute_type", ""))
    assertion = own.get("attribute_value_assertion")
    if isinstance(assertion, dict):
        found.append(assertion["description"])
    return [name for name in found if name]
