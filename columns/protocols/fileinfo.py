"""FILEINFO: a file that was seen in a conversation, whatever protocol carried it."""

from __future__ import annotations

from typing import Any

from columns.schema import Column
from columns.transaction import count, json_words, transaction_table, word, words

_FILE = (
    word("app_proto", "protocol that carried it", "app_proto"),
    Column("to_server", "uint8", "1 when the initiator sent it; EVE shows the sender as src_ip", "flag",
           clickhouse="UInt8", codec="ZSTD", eve="sekisho.to_server"),
    count("file_tx_id", "transaction of that protocol in which it was carried", "fileinfo.tx_id", missing=""),
    words("filename", "name as the protocol gave it, or the path of the URI", "fileinfo.filename"),
    word("file_type", "type by its first bytes: pdf, pe, elf, ole2, docx, zip, html, text, data, ...",
         "sekisho.file_type"),
    word("mime_type", "media type by its first bytes, not as declared", "sekisho.mime_type"),
    json_words("hints", "what its inspected bytes hold besides: encrypted, macros", "sekisho.file_hints"),
    count("size", "size as seen, after decoding of the transfer, with gaps", "fileinfo.size", unit="bytes",
          dtype="uint64", missing=""),
    Column("gaps", "uint8", "1 when bytes of it were never captured", "flag", clickhouse="UInt8", codec="ZSTD",
           eve="fileinfo.gaps"),
    word("state", "CLOSED: seen whole; TRUNCATED: its end, or a part, was not seen; ERROR: it could not be decoded",
         "fileinfo.state"),
    Column("stored", "uint8", "1 when it was kept: never", "flag", clickhouse="UInt8", codec="ZSTD",
           eve="fileinfo.stored"),
    words("md5", "MD5 in hexadecimal when asked for, of the bytes before the first gap", "fileinfo.md5"),
    words("sha1", "SHA-1 likewise", "fileinfo.sha1"),
    words("sha256", "SHA-256 likewise", "fileinfo.sha256"),
    json_words("http", "the HTTP transaction at the end of the file", "http"),
    json_words("smtp", "the SMTP transaction", "smtp"),
    json_words("email", "the mail", "email"),
    json_words("smb", "the SMB transaction", "smb"),
)

FILEINFO = transaction_table("fileinfo", "files seen in conversations", "Fileinfo", __name__, _FILE)
Fileinfo = FILEINFO.batch

_FLAGS = ("gaps", "stored")


def eve_object(row: dict[str, Any]) -> dict[str, Any]:
    """Return the ``fileinfo`` object of a row (columns by name) as Suricata writes it, with flags as booleans.

    Suricata shows the sender of the file as src_ip: the caller swaps both ends where ``to_server`` is 0.
    """
    shown: dict[str, Any] = {}
    for column in FILEINFO.columns:
        holder, _, name = column.eve.rpartition(".")
        if holder != "fileinfo":
            continue
        value = row.get(column.name, "" if column.dtype == "text" else 0)
        if column.name in _FLAGS:
            shown[name] = bool(value)
        elif value or column.missing == "":
            shown[name] = value
    return shown
