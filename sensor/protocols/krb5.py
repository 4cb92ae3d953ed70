"""Kerberos 5 over TCP and UDP (RFC 4120)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from columns.app import AppProto
from columns.limits import limit, limited
from columns.protocols.krb5 import KRB5
from sensor.protocols.ber import Element, claimed_size, element, elements, integer, octets
from sensor.protocols.framing import Framer
from sensor.protocols.krb5_ticket import fields, name_of, sequence, ticket_of
from sensor.protocols.parser import Context, FlowFacts, Moment, Opening, Wants
from sensor.protocols.printing import json_column, printed

_TYPES = {0x6A: "KRB_AS_REQ", 0x6B: "KRB_AS_REP", 0x6C: "KRB_TGS_REQ", 0x6D: "KRB_TGS_REP", 0x6E: "KRB_AP_REQ",
          0x6F: "KRB_AP_REP", 0x74: "KRB_SAFE", 0x75: "KRB_PRIV", 0x76: "KRB_CRED", 0x7E: "KRB_ERROR"}
_NUMBERS = {0x6A: 10, 0x6B: 11, 0x6C: 12, 0x6D: 13, 0x6E: 14, 0x6F: 15, 0x74: 20, 0x75: 21, 0x76: 22, 0x7E: 30}
_REQUESTS, _REPLIES, _ERROR = frozenset({0x6A, 0x6C}), frozenset({0x6B, 0x6D}), 0x7E
_ENCRYPTIONS = {
    1: "des-cbc-crc", 2: "des-cbc-md4", 3: "des-cbc-md5", 5: "des3-cbc-md5", 7: "des3-cbc-sha1", 16: "des3-cbc-sha1-kd",
    17: "aes128-cts-hmac-sha1-96", 18: "aes256-cts-hmac-sha1-96", 19: "aes128-cts-hmac-sha256-128",
    20: "aes256-cts-hmac-sha384-192", 23: "rc4-hmac", 24: "rc4-hmac-exp", 25: "camellia128-cts-cmac",
    26: "camellia256-cts-cmac"}
_STRONG = frozenset({17, 18, 19, 20, 25, 26})
_ERRORS = {
    0: "KDC_ERR_NONE", 1: "KDC_ERR_NAME_EXP", 2: "KDC_ERR_SERVICE_EXP", 3: "KDC_ERR_BAD_PVNO",
    4: "KDC_ERR_C_OLD_MAST_KVNO", 5: "KDC_ERR_S_OLD_MAST_KVNO", 6: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
    7: "KDC_ERR_S_PRINCIPAL_UNKNOWN", 8: "KDC_ERR_PRINCIPAL_NOT_UNIQUE", 9: "KDC_ERR_NULL_KEY",
    10: "KDC_ERR_CANNOT_POSTDATE", 11: "KDC_ERR_NEVER_VALID", 12: "KDC_ERR_POLICY", 13: "KDC_ERR_BADOPTION",
    14: "KDC_ERR_ETYPE_NOSUPP", 15: "KDC_ERR_SUMTYPE_NOSUPP", 16: "KDC_ERR_PADATA_TYPE_NOSUPP",
    17: "KDC_ERR_TRTYPE_NOSUPP", 18: "KDC_ERR_CLIENT_REVOKED", 19: "KDC_ERR_SERVICE_REVOKED",
    20: "KDC_ERR_TGT_REVOKED", 21: "KDC_ERR_CLIENT_NOTYET", 22: "KDC_ERR_SERVICE_NOTYET", 23: "KDC_ERR_KEY_EXPIRED",
    24: "KDC_ERR_PREAUTH_FAILED", 25: "KDC_ERR_PREAUTH_REQUIRED", 26: "KDC_ERR_SERVER_NOMATCH",
    27: "KDC_ERR_MUST_USE_USER2USER", 28: "KDC_ERR_PATH_NOT_ACCEPTED", 29: "KDC_ERR_SVC_UNAVAILABLE",
    31: "KRB_AP_ERR_BAD_INTEGRITY", 32: "KRB_AP_ERR_TKT_EXPIRED", 33: "KRB_AP_ERR_TKT_NYV", 34: "KRB_AP_ERR_REPEAT",
    35: "KRB_AP_ERR_NOT_US", 36: "KRB_AP_ERR_BADMATCH", 37: "KRB_AP_ERR_SKEW", 38: "KRB_AP_ERR_BADADDR",
    39: "KRB_AP_ERR_BADVERSION", 40: "KRB_AP_ERR_MSG_TYPE", 41: "KRB_AP_ERR_MODIFIED", 42: "KRB_AP_ERR_BADORDER",
    44: "KRB_AP_ERR_BADKEYVER", 45: "KRB_AP_ERR_NOKEY", 46: "KRB_AP_ERR_MUT_FAIL", 47: "KRB_AP_ERR_BADDIRECTION",
    48: "KRB_AP_ERR_METHOD", 49: "KRB_AP_ERR_BADSEQ", 50: "KRB_AP_ERR_INAPP_CKSUM",
    51: "KRB_AP_PATH_NOT_ACCEPTED", 52: "KRB_ERR_RESPONSE_TOO_BIG", 60: "KRB_ERR_GENERIC",
    61: "KRB_ERR_FIELD_TOOLONG", 68: "KDC_ERR_WRONG_REALM"}
_PADATA = {1: "tgs", 2: "timestamp", 16: "pkinit", 17: "pkinit", 138: "encrypted-challenge"}
_HEAD_BYTES, _LONGEST, _STRANGE, _LISTED = 5, 1 << 24, 8, 32


@limited("krb5")
@dataclass(frozen=True)
class Krb5Settings:
    """Limits of the Kerberos parser; a value outside its range raises ConfigError."""

    message_bytes: int = limit(65_536, 1024, 1 << 24, "bytes", "of a message are looked at")


class _Krb5:
    """What conversations over TCP and UDP share."""

    app_proto: ClassVar[AppProto] = AppProto.KRB5

    def __init__(self, context: Context) -> None:
        self.done = False
        self._context = context
        settings = context.settings if isinstance(context.settings, Krb5Settings) else Krb5Settings()
        self._limit = settings.message_bytes
        self._asked = ""
        self._strange = self._number = 0

    def end(self, at: Moment) -> None:
        """Nothing is left to tell."""

    def _message(self, to_server: bool, data: bytes, at: Moment) -> None:
        row = message_of(data)
        if row is None:
            self._context.count("krb5_malformed")
            self._strange += 1
            self.done = self._strange >= _STRANGE
            return
        if row["msg_type"] == "KRB_ERROR":
            row["failed_request"], self._asked = self._asked or "UNKNOWN", ""
        else:
            self._asked = row["msg_type"] if row["msg_type"].endswith("_REQ") else ""
        if self._context.show:
            self._context.show(at, self._number, to_server, message_buffers(data, row), True)
        self._number += 1
        self._context.emit(KRB5, at, {"to_server": int(to_server), **row})


class Krb5Parser(_Krb5):
    """Kerberos over TCP: messages after their length of four bytes."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._framers = (Framer(_size_of, _HEAD_BYTES, self._limit), Framer(_size_of, _HEAD_BYTES, self._limit))

    def data(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Read the messages of one direction."""
        for message, _, _ in self._framers[to_server].feed(data):
            self._message(to_server, message[4:], at)
            if self.done:
                return
        if self._framers[to_server].broken:
            self._context.count("krb5_no_message")
            self.done = True

    def gap(self, to_server: bool, size: int, at: Moment) -> None:
        """Take what comes next for a message."""
        if not self._framers[to_server].gap(size):
            self._context.count("krb5_gap")


class Krb5Datagrams(_Krb5):
    """Kerberos over UDP: one message in a datagram."""

    def datagram(self, to_server: bool, data: bytes, at: Moment) -> None:
        """Take the next message."""
        self._message(to_server, data[: self._limit], at)


def message_of(data: bytes) -> dict[str, Any] | None:
    """Return the columns of a message, also of one that breaks off; None where it is none."""
    outer = element(data, 0, len(data), clip=True)
    if outer is None or outer.tag not in _TYPES:
        return None
    own = fields(data, outer)
    row: dict[str, Any] = {"msg_type": _TYPES[outer.tag]}
    if outer.tag in _REQUESTS:
        return row | _request(data, own) if 4 in own else None
    if outer.tag in _REPLIES:
        return row | _reply(data, own)
    if outer.tag == _ERROR:
        code = integer(data, own[6]) if 6 in own else -1
        return row | {"error_code": _ERRORS.get(code, str(code)), "cname": "/".join(name_of(data, own.get(8))),
                      "realm": _text(data, own.get(7)), "sname": "/".join(name_of(data, own.get(10)))}
    if outer.tag == 0x6E and 3 in own:
        realm, service, kind = ticket_of(data, own[3])
        return row | {"realm": realm, "sname": "/".join(service), **_encryption("ticket_", kind)}
    return row


def message_buffers(data: bytes, row: dict[str, Any]) -> list[tuple[str, bytes]]:
    """Return the inspection buffers of a message; every part of a name is an instance."""
    outer = element(data, 0, len(data), clip=True)
    if outer is None:
        return []
    own = fields(data, outer)
    shown = [("krb5_msg_type", b"%d" % (outer.tag & 0x1F))]
    if outer.tag == _ERROR and 6 in own:
        shown.append(("krb5_err_code", b"%d" % integer(data, own[6])))
    for name in ("cname", "sname"):
        shown += [(f"krb5.{name}", part.encode()) for part in str(row.get(name, "")).split("/") if part]
    if kind := row.get("ticket_encryption", row.get("encryption", "")):
        shown.append(("krb5.ticket_encryption", str(kind).encode()))
    if row.get("ticket_weak_encryption", row.get("weak_encryption")):
        shown += [("krb5.ticket_encryption", b"weak"), ("event", b"krb5.weak_encryption")]
    return shown


def _request(data: bytes, own: dict[int, Element]) -> dict[str, Any]:
    body = sequence(data, own[4])
    wanted = elements(data, body[8].start, body[8].stop, _LISTED) if 8 in body else []
    kinds = [integer(data, one) for one in wanted]
    proofs = {_PADATA.get(kind, "") for kind in _padata(data, own.get(3))} - {""}
    return {"cname": "/".join(name_of(data, body.get(1))), "realm": _text(data, body.get(2)),
            "sname": "/".join(name_of(data, body.get(3))), "preauthentication": min(proofs) if proofs else "none",
            "requested_encryption": json_column([_ENCRYPTIONS.get(kind, str(kind)) for kind in kinds])}


def _padata(data: bytes, one: Element | None) -> list[int]:
    kinds = []
    for each in elements(data, one.start, one.stop, _LISTED) if one else []:
        kind = sequence(data, each).get(1)
        if kind is not None:
            kinds.append(integer(data, kind))
    return kinds


def _reply(data: bytes, own: dict[int, Element]) -> dict[str, Any]:
    row: dict[str, Any] = {"realm": _text(data, own.get(3)), "cname": "/".join(name_of(data, own.get(4)))}
    if 5 in own:
        _, service, kind = ticket_of(data, own[5])
        row |= {"sname": "/".join(service), **_encryption("ticket_", kind)}
    kind_of_part = sequence(data, own[6]).get(0) if 6 in own else None
    if kind_of_part is not None:
        row |= _encryption("", integer(data, kind_of_part))
    return row


def _encryption(prefix: str, kind: int) -> dict[str, Any]:
    if kind == 0:
        return {}
    return {f"{prefix}encryption": _ENCRYPTIONS.get(kind, str(kind)), f"{prefix}weak_encryption": kind not in _STRONG}


def _text(data: bytes, one: Element | None) -> str:
    return printed(octets(data, one)) if one else ""


def _size_of(head: bytes) -> int:
    if head[0]:
        return -1
    if len(head) < _HEAD_BYTES:
        return 0
    size = int.from_bytes(head[:4], "big")
    return 4 + size if head[4] in _TYPES and 8 <= size <= _LONGEST else -1


def probe(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell whether a flow of TCP is Kerberos: a length, then a message of version 5 that is as long."""
    return _probed(initiator, responder, 4) if flow.proto == 6 else False


def probe_datagrams(initiator: bytes, responder: bytes, flow: FlowFacts) -> bool | None:
    """Tell the same of a flow of UDP, where no length comes first."""
    return _probed(initiator, responder, 0) if flow.proto == 17 else False


def _probed(initiator: bytes, responder: bytes, skip: int) -> bool | None:
    heads = [head for head in (initiator, responder) if head]
    answers = [_begins(head, skip) for head in heads]
    return None if not answers else False if False in answers else True if True in answers else None


def _begins(head: bytes, skip: int) -> bool | None:
    message = head[skip:]
    if skip and head[0]:
        return False
    if not message:
        return None
    if message[0] not in _TYPES:
        return False
    size = claimed_size(message[:6])
    if len(message) < 16:
        return False if size < 0 else None
    if skip and size != int.from_bytes(head[:4], "big"):
        return False
    kind = bytes((2, 1, 5, 0xA2 if message[0] in _REQUESTS else 0xA1, 3, 2, 1, _NUMBERS[message[0]]))
    return kind in message[:24]


WANTS: tuple[Wants, ...] = (Wants(AppProto.KRB5, Krb5Parser, probe, (KRB5,), Opening(b"\0", b"\0")),
                            Wants(AppProto.KRB5, Krb5Datagrams, probe_datagrams, (KRB5,),
                                  Opening(bytes(_TYPES), bytes(_TYPES))))
