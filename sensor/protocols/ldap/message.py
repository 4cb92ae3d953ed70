"""LDAP messages (RFC 4511) as dictionaries with Suricata's names."""

from __future__ import annotations

from typing import Any, NamedTuple

from sensor.protocols.ber import INTEGER, SEQUENCE, Element, elements, integer, octets, spans
from sensor.protocols.ldap.filters import filter_text
from sensor.protocols.ldap.settings import LdapSettings
from sensor.protocols.ntlmssp import login_of
from sensor.protocols.printing import printed

OPERATIONS = {
    0x60: "bind_request", 0x61: "bind_response", 0x42: "unbind_request", 0x63: "search_request",
    0x64: "search_result_entry", 0x65: "search_result_done", 0x73: "search_result_reference", 0x66: "modify_request",
    0x67: "modify_response", 0x68: "add_request", 0x69: "add_response", 0x4A: "del_request", 0x6B: "del_response",
    0x6C: "mod_dn_request", 0x6D: "mod_dn_response", 0x6E: "compare_request", 0x6F: "compare_response",
    0x50: "abandon_request", 0x77: "extended_request", 0x78: "extended_response", 0x79: "intermediate_response"}
RESULTS = {
    0: "success", 1: "operations_error", 2: "protocol_error", 3: "time_limit_exceeded", 4: "size_limit_exceeded",
    5: "compare_false", 6: "compare_true", 7: "auth_method_not_supported", 8: "stronger_auth_required", 10: "referral",
    11: "admin_limit_exceeded", 12: "unavailable_critical_extension", 13: "confidentiality_required",
    14: "sasl_bind_in_progress", 16: "no_such_attribute", 17: "undefined_attribute_type", 18: "inappropriate_matching",
    19: "constraint_violation", 20: "attribute_or_value_exists", 21: "invalid_attribute_syntax", 32: "no_such_object",
    33: "alias_problem", 34: "invalid_dns_syntax", 36: "alias_dereferencing_problem",
    48: "inappropriate_authentication", 49: "invalid_credentials", 50: "insufficient_access_rights", 51: "busy",
    52: "unavailable", 53: "unwilling_to_perform", 54: "loop_detect", 64: "naming_violation",
    65: "object_class_violation", 66: "not_allowed_on_non_leaf", 67: "not_allowed_on_rdn", 68: "entry_already_exists",
    69: "object_class_mods_prohibited", 71: "affects_multiple_dsas", 80: "other"}
_CHANGES = {0: "add", 1: "delete", 2: "replace", 3: "increment"}


class Message(NamedTuple):
    """One message; about holds columns besides."""

    message_id: int
    operation: str
    shown: dict[str, Any]
    about: dict[str, Any]


class Head(NamedTuple):
    """What every message begins with, and where its operation is."""

    message_id: int
    operation: str
    own: Element


def head_of(data: bytes) -> Head | None:
    """Return the head of a message, also of one that breaks off within its operation; None where it is none."""
    outer = spans(data, 0, len(data), 1)
    if not outer or outer[0][0] != SEQUENCE:
        return None
    parts = elements(data, *outer[0][1:], 2)
    if len(parts) < 2 or parts[0].tag != INTEGER or parts[1].tag not in OPERATIONS:
        return None
    return Head(min(max(integer(data, parts[0]), 0), 0xFFFFFFFF), OPERATIONS[parts[1].tag], parts[1])


def message_of(data: bytes, head: Head, settings: LdapSettings) -> Message:
    """Return the message that has this head."""
    number, operation, one = head
    reader = _Reader(data, settings)
    own = reader.read(operation, one)
    shown: dict[str, Any] = {"message_id": number, "operation": operation}
    if own is not None:
        shown[operation] = own
    return Message(number, operation, shown, reader.about)


class _Reader:
    """Reads one operation; about gathers what becomes columns."""

    def __init__(self, data: bytes, settings: LdapSettings) -> None:
        self._data, self._settings = data, settings
        self.about: dict[str, Any] = {}

    def read(self, operation: str, one: Element) -> dict[str, Any] | None:
        """Return the object of an operation, None where it has none."""
        parts = self._parts(one)
        if operation == "del_request":
            self.about["object"] = self._text(one)
            return {"dn": self.about["object"]}
        if operation.endswith(("_response", "_done")) and operation != "intermediate_response":
            return self._result(operation, parts)
        understand = getattr(self, f"_{operation}", None)
        return understand(parts) if understand and parts else None

    def _parts(self, one: Element | None) -> list[Element]:
        return elements(self._data, one.start, one.stop, self._settings.listed) if one else []

    def _text(self, one: Element) -> str:
        return printed(self._data[one.start : min(one.stop, one.start + self._settings.value_bytes)])

    def _texts(self, one: Element) -> list[str]:
        return self._within(one.start, one.stop)

    def _within(self, start: int, stop: int) -> list[str]:
        data, most = self._data, self._settings.value_bytes
        found = spans(data, start, stop, self._settings.listed)
        return [printed(data[begin : min(end, begin + most)]) for _, begin, end in found]

    def _bind_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"version": integer(self._data, parts[0])}
        if len(parts) > 1:
            own["name"] = self.about["object"] = self._text(parts[1])
        if len(parts) > 2:
            self._authentication(parts[2], own)
        return own

    def _authentication(self, how: Element, own: dict[str, Any]) -> None:
        """The password of a simple bind, and credentials of SASL, are not kept."""
        if how.tag == 0x80:
            self.about["authentication"] = "simple"
        elif how.tag == 0xA3:
            sasl = self._parts(how)
            self.about["authentication"] = self._text(sasl[0]) if sasl else ""
            own["sasl"] = {"mechanism": self.about["authentication"]}
            login = login_of(octets(self._data, how))
            if login is not None:
                self.about["user"] = f"{login.domain}\\{login.user}"[: self._settings.value_bytes]
        else:  # Microsoft's Sicily: discovery, negotiation, response
            self.about["authentication"] = "sicily"
            login = login_of(octets(self._data, how))
            if login is not None:
                self.about["user"] = f"{login.domain}\\{login.user}"[: self._settings.value_bytes]

    def _search_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"base_object": self._text(parts[0])}
        self.about["object"] = own["base_object"]
        for name, one in zip(("scope", "deref_alias", "size_limit", "time_limit"), parts[1:5], strict=False):
            own[name] = integer(self._data, one)
        if len(parts) > 5:
            own["types_only"] = any(octets(self._data, parts[5])[:1])
        if len(parts) > 6:
            self.about["filter"] = filter_text(self._data, parts[6], self._settings.value_bytes)
            if parts[6].tag == 0x87:
                own["filter"] = {"type": "present", "value": self._text(parts[6])}
        if len(parts) > 7 and (wanted := self._texts(parts[7])):
            own["attributes"] = wanted
        return own

    def _attributes(self, one: Element, name: str) -> list[dict[str, Any]]:
        found, data, most = [], self._data, self._settings.value_bytes
        for _, begin, end in spans(data, one.start, one.stop, self._settings.listed):
            pair = spans(data, begin, end, 2)
            if pair:
                _, start, stop = pair[0]
                shown: dict[str, Any] = {name: printed(data[start : min(stop, start + most)])}
                if len(pair) > 1 and (values := self._within(*pair[1][1:])):
                    shown["values"] = values
                found.append(shown)
        return found

    def _search_result_entry(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"base_object": self._text(parts[0])}
        if len(parts) > 1 and (attributes := self._attributes(parts[1], "type")):
            own["attributes"] = attributes
        return own

    def _add_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"entry": self._text(parts[0])}
        self.about["object"] = own["entry"]
        if len(parts) > 1:
            own["attributes"] = self._attributes(parts[1], "name")
        return own

    def _modify_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"object": self._text(parts[0])}
        self.about["object"] = own["object"]
        changes = []
        for change in self._parts(parts[1]) if len(parts) > 1 else []:
            pair = self._parts(change)
            attribute = self._parts(pair[1]) if len(pair) > 1 else []
            if attribute:
                what: dict[str, Any] = {"attribute_type": self._text(attribute[0])}
                if len(attribute) > 1 and (values := self._texts(attribute[1])):
                    what["attribute_values"] = values
                kind = integer(self._data, pair[0])
                changes.append({"operation": _CHANGES.get(kind, str(kind)), "modification": what})
        if changes:
            own["changes"] = changes
        return own

    def _mod_dn_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"entry": self._text(parts[0])}
        self.about["object"] = own["entry"]
        if len(parts) > 2:
            own |= {"new_rdn": self._text(parts[1]), "delete_old_rdn": any(octets(self._data, parts[2])[:1])}
        if len(parts) > 3:
            own["new_superior"] = self._text(parts[3])
        return own

    def _compare_request(self, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {"entry": self._text(parts[0])}
        self.about["object"] = own["entry"]
        pair = self._parts(parts[1]) if len(parts) > 1 else []
        if len(pair) > 1:
            own["attribute_value_assertion"] = {"description": self._text(pair[0]), "value": self._text(pair[1])}
        return own

    def _extended_request(self, parts: list[Element]) -> dict[str, Any]:
        own = {"name": self._text(parts[0])}
        self.about["object"] = own["name"]
        return own

    def _intermediate_response(self, parts: list[Element]) -> dict[str, Any]:
        names = [self._text(p) for p in parts if p.tag == 0x80]
        return {"name": names[0]} if names else {}

    def _result(self, operation: str, parts: list[Element]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        if len(parts) > 2:
            code = integer(self._data, parts[0])
            own = {"result_code": RESULTS.get(code, str(code)), "matched_dn": self._text(parts[1]),
                   "message": self._text(parts[2])}
            self.about["result"] = own["result_code"]
        if operation == "extended_response":
            names = [self._text(p) for p in parts[3:] if p.tag == 0x8A]
            own |= {"name": names[0]} if names else {}
        return own
