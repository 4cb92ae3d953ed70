"""How the body behind a head is framed, coded, and where it goes."""

from __future__ import annotations

from typing import Any

from sensor.protocols.http.body import Body, inspected_bytes
from sensor.protocols.http.files import HttpFile, MultipartSink, response_file_name
from sensor.protocols.http.head import Head, chunked, codings, content_length
from sensor.protocols.http.multipart import boundary_of
from sensor.protocols.http.settings import HttpSettings
from sensor.protocols.http.transaction import Transaction


def framing(parser: Any, head: Head, to_server: bool) -> tuple[int, bool]:
    """Return the length (-1 for none) and whether the body may be chunked; what is odd is told to the parser."""
    if b"content-length" not in head.first and b"transfer-encoding" not in head.first:
        return -1, False
    length, odd_length = content_length(head)
    coded, odd_coding = chunked(head)
    for cause in (*odd_length, *odd_coding):
        parser.odd(to_server, cause)
    if coded and length >= 0:
        parser.odd(to_server, "length_and_chunked")
    return length, coded


def request_body(parser: Any, tx: Transaction, head: Head) -> Body:
    """Return the body of a request: a form's files, or one file."""
    settings: HttpSettings = parser.settings
    boundary = boundary_of(head.value(b"content-type"))
    most = settings.inspect_request_bytes
    if boundary:
        sink: Any = MultipartSink(parser, tx, boundary)
        inspected = most if parser.context.contents else 0
    else:
        sink = HttpFile(parser, tx, True, tx.target.path)
        inspected = inspected_bytes(parser.context, most, settings.files.inspect_bytes)
    return Body(_codings(head, settings), inspected, settings.inflate_bytes, sink)


def response_body(parser: Any, tx: Transaction, head: Head) -> Body:
    """Return the body of a response."""
    settings: HttpSettings = parser.settings
    inspected = inspected_bytes(parser.context, settings.inspect_response_bytes, settings.files.inspect_bytes)
    return Body(_codings(head, settings), inspected, settings.inflate_bytes,
                HttpFile(parser, tx, False, response_file_name(tx)))


def _codings(head: Head, settings: HttpSettings) -> list[bytes]:
    if b"content-encoding" not in head.first:
        return []
    found = [c for c in codings(head) if c != b"lzma" or settings.lzma]
    return found[-settings.coding_layers :] if settings.coding_layers else []
