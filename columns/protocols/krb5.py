"""Kerberos: one row per message, answers and errors tied to what was asked."""

from __future__ import annotations

from typing import Any

from columns.transaction import count, flag, json_words, transaction_table, word, words

KRB5 = transaction_table(
    "krb5", "Kerberos 5 requests, replies and errors", "Krb5", __name__,
    (
        count("to_server", "1 when the initiator of the flow sent it", "sekisho.to_server", dtype="uint8"),
        word("msg_type", "KRB_AS_REQ, KRB_AS_REP, KRB_TGS_REQ, KRB_TGS_REP, KRB_ERROR, ...", "krb5.msg_type"),
        word("failed_request", "what an error answers; UNKNOWN where that was not seen", "krb5.failed_request"),
        word("error_code", "error by its name, else its number", "krb5.error_code"),
        words("cname", "client", "krb5.cname"),
        words("realm", "realm", "krb5.realm"),
        words("sname", "service", "krb5.sname"),
        word("encryption", "encryption of the reply's own part", "krb5.encryption"),
        flag("weak_encryption", "whether that is a weak one (DES, RC4)", "krb5.weak_encryption"),
        word("ticket_encryption", "encryption of the ticket", "krb5.ticket_encryption"),
        flag("ticket_weak_encryption", "whether that is a weak one", "krb5.ticket_weak_encryption"),
        json_words("requested_encryption", "encryptions that the client asks for, by its preference",
                   "sekisho.requested_encryption"),
        word("preauthentication", "how the client proves who it is: timestamp, pkinit, tgs, none",
             "sekisho.preauthentication"),
    ),
)
Krb5 = KRB5.batch

_PLACES = (("cname", "<empty>"), ("realm", "<empty>"), ("sname", "<empty>"), ("encryption", "<none>"))


def eve_object(row: dict[str, Any]) -> dict[str, Any]:
    """Return the ``krb5`` object of a row as Suricata writes it, where what is missing has a word."""
    shown: dict[str, Any] = {"msg_type": row["msg_type"]}
    for name in ("failed_request", "error_code"):
        if row.get(name):
            shown[name] = row[name]
    for name, missing in _PLACES:
        shown[name] = row.get(name) or missing
    shown["weak_encryption"] = bool(row.get("weak_encryption"))
    if row.get("ticket_encryption"):
        shown |= {"ticket_encryption": row["ticket_encryption"],
                  "ticket_weak_encryption": bool(row.get("ticket_weak_encryption"))}
    return shown
