"""The ftp and ftp_data tables: one row per command with its replies, and one per file asked for."""

from __future__ import annotations

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
        word("command", "RETR, STOR, STOU or APPE", "ftp_data.command"),
        words("filename", "name of the file", "ftp_data.filename"),
        word("mode", "active: the server connects to data_ip; passive: the client does", "sekisho.mode"),
        words("data_ip", "address that is listened on", "sekisho.data_ip"),
        count("data_port", "port that is listened on", "sekisho.data_port", dtype="uint16"),
        count("reply_code", "last code of the server, 226 for a whole transfer", "sekisho.reply_code", dtype="uint16"),
        words("user", "user of the session", "sekisho.user"),
    ),
)
Ftp, FtpData = FTP.batch, FTP_DATA.batch
