"""The ftp and ftp_data tables: one row per command with its replies, and one per file asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from columns.transaction import count, json_words, transaction_table, word, words

FTP = transaction_table(
    "ftp", "FTP commands with their replies; a password is never kept", "Ftp", __name__,
    (
        word("command", "command in upper case; empty for the greeting", "ftp.command"),
        words("command_data", "what follows the command; empty for PASS and ACCT", "ftp.command_data"),
        count("command_truncated", "1 when the command was longer than the limit", "ftp.command_truncated",
              dtype="uint8", missing=""),
        json_words("reply", "text of each line of the replies", "ftp.reply"),
        json_words("completion_code", "code of each line of the replies that has one", "ftp.completion_code"),
        count("reply_truncated", "1 when a line of the replies was longer than the limit", "ftp.reply_truncated",
              dtype="uint8", missing=""),
        word("reply_received", "yes or no", "ftp.reply_received"),
        word("mode", "active or passive, of a command that agrees on a data connection", "ftp.mode"),
        count("dynamic_port", "port of that data connection", "ftp.dynamic_port", dtype="uint16"),
        words("user", "user of the session so far", "sekisho.user"),
    ),
)
FTP_DATA = transaction_table(
    "ftp_data", "FTP transfers asked for, with where their data connection is to be found", "FtpData", __name__,
    (
        word("command", "RETR, STOR, STOU or APPE; LIST, NLST or MLSD for a listing", "ftp_data.command"),
        words("filename", "name of the file; empty for a listing", "ftp_data.filename"),
        word("mode", "active: the server connects to data_ip; passive: the client does", "sekisho.mode"),
        words("data_ip", "address that is listened on", "sekisho.data_ip"),
        count("data_port", "port that is listened on", "sekisho.data_port", dtype="uint16"),
        count("reply_code", "last code of the server, 226 for a whole transfer", "sekisho.reply_code", dtype="uint16"),
        words("user", "user of the session", "sekisho.user"),
    ),
)
Ftp, FtpData = FTP.batch, FTP_DATA.batch


def eve_object(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands under ``ftp`` in EVE: what is empty is left out, and the two ``truncated`` are booleans."""
    shown: dict[str, Any] = {name: row[name] for name in ("command", "command_data") if row.get(name)}
    shown["command_truncated"] = bool(row.get("command_truncated"))
    for name in ("reply", "completion_code"):
        if row.get(name):
            shown[name] = json.loads(row[name])
    shown["reply_truncated"] = bool(row.get("reply_truncated"))
    return shown | {name: row[name] for name in ("reply_received", "mode", "dynamic_port") if row.get(name)}
