"""The dcerpc table: one row per call over TCP or UDP; those through pipes stand in smb."""

from __future__ import annotations

from columns.transaction import count, json_words, transaction_table, word, words

DCERPC = transaction_table(
    "dcerpc", "DCE/RPC calls over TCP and UDP: binds, requests and their answers", "Dcerpc", __name__,
    (
        json_words("call", "the call: request, response, call_id, interfaces, sizes of both", "dcerpc"),
        word("request", "type of the request; REQUEST_LOST where it was not seen", "sekisho.request"),
        word("response", "type of the answer; UNREPLIED where there was none", "sekisho.response"),
        words("interface", "UUID of the interface that is called or bound first", "sekisho.interface"),
        count("opnum", "number of the operation of a request", "sekisho.opnum", dtype="uint16"),
        count("request_bytes", "bytes of the request's stub", "sekisho.request_bytes", unit="bytes"),
        count("response_bytes", "bytes of the response's stub", "sekisho.response_bytes", unit="bytes"),
    ),
)
Dcerpc = DCERPC.batch
