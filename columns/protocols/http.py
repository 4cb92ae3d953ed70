"""HTTP: one request and its response."""

from __future__ import annotations

from columns.schema import Column
from columns.transaction import count, json_words, transaction_table, word, words

_HTTP = (
    words("hostname", "host asked for, from the URI or Host, lower case, without port", "http.hostname"),
    count("http_port", "port that the URI or Host names", "http.http_port", dtype="uint16"),
    words("url", "request target as on the wire", "http.url"),
    words("url_normalized", "path with escapes, dot segments and separators resolved once, query as on the wire",
          "sekisho.url_normalized"),
    word("http_method", "method", "http.http_method"),
    word("protocol", "version as the request says, else as the response says", "http.protocol"),
    word("response_protocol", "version that the response says", "sekisho.response_protocol"),
    count("status", "status code of the final response", "http.status", dtype="uint16"),
    words("status_text", "reason phrase", "sekisho.status_text"),
    words("http_user_agent", "User-Agent", "http.http_user_agent"),
    words("http_refer", "Referer", "http.http_refer"),
    word("http_content_type", "Content-Type of the response, without parameters", "http.http_content_type"),
    word("request_content_type", "Content-Type of the request, without parameters", "sekisho.request_content_type"),
    words("redirect", "Location", "http.redirect"),
    json_words("content_range", "Content-Range of the response: raw, start, end, size", "http.content_range"),
    count("length", "bytes of the response body as on the wire, chunk lines included", "http.length", unit="bytes",
          dtype="uint64", missing=""),
    words("xff", "X-Forwarded-For", "xff"),
    word("server", "Server", "sekisho.server"),
    words("origin", "Origin", "sekisho.origin"),
    words("username", "user name of Basic authentication; the password is never kept", "sekisho.username"),
    word("content_encoding", "Content-Encoding of the response", "sekisho.content_encoding"),
    json_words("request_headers", "headers in their order: [{name, value}]", "http.request_headers"),
    json_words("response_headers", "headers in their order", "http.response_headers"),
    json_words("trailers", "trailers of chunked bodies: [{name, value}]", "sekisho.trailers"),
    json_words("file_names", "file names in multipart/form-data", "sekisho.file_names"),
    count("request_body_bytes", "bytes of the request body, without chunk lines, still compressed",
          "sekisho.request_body_bytes", unit="bytes", dtype="uint64"),
    count("response_body_bytes", "bytes of the response body, without chunk lines, still compressed",
          "sekisho.response_body_bytes", unit="bytes", dtype="uint64"),
    count("response_entity_bytes", "bytes of the response body after decompression, as far as it went",
          "sekisho.response_entity_bytes", unit="bytes", dtype="uint64"),
    count("interim", "responses 1xx before the final one", "sekisho.interim_responses", dtype="uint16"),
    Column("request_ts_ns", "int64", "when the head of the request was complete", "ns since 1970", missing="0",
           clickhouse="DateTime64(9, 'UTC')", codec="DoubleDelta, ZSTD", eve="sekisho.request_time"),
    word("seen", "both; request or response when the other was not seen; partial when one was cut off", "sekisho.seen"),
    json_words("anomalies", "what was odd in it, by cause", "sekisho.anomalies"),
)

HTTP = transaction_table("http", "HTTP/1.x requests and responses", "Http", __name__, _HTTP)
Http = HTTP.batch
