"""SMB: one request and its response; one row for all that was read of a file, one for all that was written."""

from __future__ import annotations

from columns.schema import Column
from columns.transaction import count, json_words, transaction_table, word, words

_SMB = (
    count("id", "number of the transaction in its flow, from 1", "smb.id", missing=""),
    word("dialect", "dialect that was agreed upon; unknown where that was not seen", "smb.dialect"),
    word("command", "command of the request", "smb.command"),
    word("status", "status of the response by its name, else its number", "smb.status"),
    word("status_code", "status of the response in hexadecimal", "smb.status_code"),
    count("session_id", "session", "smb.session_id", dtype="uint64", missing=""),
    count("tree_id", "tree connection", "smb.tree_id", missing=""),
    json_words("client_dialects", "dialects that the client offers", "smb.client_dialects"),
    words("client_guid", "client, by the negotiation", "smb.client_guid"),
    words("server_guid", "server, by the negotiation", "smb.server_guid"),
    count("max_read_size", "most that the server lets read at once", "smb.max_read_size", unit="bytes"),
    count("max_write_size", "most that the server lets write at once", "smb.max_write_size", unit="bytes"),
    words("ntlmssp_domain", "domain of who logs in (NTLMSSP, or SMB1 in clear)", "smb.ntlmssp.domain"),
    words("ntlmssp_user", "name of who logs in", "smb.ntlmssp.user"),
    words("ntlmssp_host", "workstation of who logs in", "smb.ntlmssp.host"),
    word("ntlmssp_version", "version of the operating system as NTLMSSP tells it", "smb.ntlmssp.version"),
    words("kerberos_realm", "realm of the ticket that was shown", "smb.kerberos.realm"),
    json_words("kerberos_snames", "service of the ticket, by its parts", "smb.kerberos.snames"),
    word("request_native_os", "operating system that the client of SMB1 names", "smb.request.native_os"),
    word("request_native_lm", "LAN manager that the client of SMB1 names", "smb.request.native_lm"),
    word("response_native_os", "operating system that the server of SMB1 names", "smb.response.native_os"),
    word("response_native_lm", "LAN manager that the server of SMB1 names", "smb.response.native_lm"),
    words("share", "share that is connected to, or holds the file", "smb.share"),
    word("share_type", "FILE, PIPE or PRINT", "smb.share_type"),
    words("named_pipe", "share that is connected to, where it is one for pipes", "smb.named_pipe"),
    word("service_request", "service that the client of SMB1 asks for", "smb.service.request"),
    word("service_response", "service that the server of SMB1 grants", "smb.service.response"),
    words("filename", "file or pipe within its share; <share_root> for the share itself", "smb.filename"),
    words("directory", "the same where it is opened as a directory", "smb.directory"),
    word("disposition", "what becomes of a file that is there, or is not", "smb.disposition"),
    word("access", "delete on close, or normal", "smb.access"),
    count("desired_access", "rights that are asked for, as a mask of bits", "sekisho.desired_access"),
    count("created", "when the file was made", "smb.created", unit="s since 1970", dtype="int64"),
    count("accessed", "when it was last used", "smb.accessed", unit="s since 1970", dtype="int64"),
    count("modified", "when it was last written", "smb.modified", unit="s since 1970", dtype="int64"),
    count("changed", "when it or its attributes were last changed", "smb.changed", unit="s since 1970", dtype="int64"),
    count("size", "size of the file when it was opened", "smb.size", unit="bytes", dtype="uint64"),
    words("fuid", "identifier of the open file", "smb.fuid"),
    words("rename_from", "name before", "smb.rename.from"),
    words("rename_to", "name after", "smb.rename.to"),
    word("set_info_class", "class of what is set", "smb.set_info.class"),
    word("set_info_level", "what is set", "smb.set_info.info_level"),
    word("function", "control function of an IOCTL", "smb.function"),
    json_words("dcerpc", "the remote call through a pipe: request, response, opnum, interfaces, sizes", "smb.dcerpc"),
    count("transferred_bytes", "bytes read or written, with gaps", "sekisho.transferred", unit="bytes", dtype="uint64"),
    word("seen", "both; request or response where the other was not seen", "sekisho.seen"),
    Column("request_ts_ns", "int64", "when the request was complete", "ns since 1970", missing="0",
           clickhouse="DateTime64(9, 'UTC')", codec="DoubleDelta, ZSTD", eve="sekisho.request_time"),
)

SMB = transaction_table("smb", "SMB requests and responses of versions 1 to 3", "Smb", __name__, _SMB)
Smb = SMB.batch
