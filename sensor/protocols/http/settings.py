"""The settings of HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from columns.limits import limit, limited
from sensor.protocols.files import FileSettings


@limited("http")
@dataclass(frozen=True)
class HttpSettings:
    """Limits of the HTTP parser, per message or connection; headers: whether rows hold all headers.

    lzma: whether that content coding is decoded; as in Suricata it is not unless asked for.
    """

    head_bytes: int = limit(65_536, 4096, 1 << 20, "bytes", "of one head; a longer one ends the following")
    header_count: int = limit(1024, 16, 65_535, "headers", "of one head are kept")
    pipelined: int = limit(512, 1, 65_535, "requests", "may wait for their response; the oldest is then told without")
    inspect_request_bytes: int = limit(102_400, 0, 1 << 32, "bytes", "of a decoded request body are inspected")
    inspect_response_bytes: int = limit(102_400, 0, 1 << 32, "bytes", "of a decoded response body are inspected")
    inflate_bytes: int = limit(1 << 20, 4096, 1 << 32, "bytes", "a body may become by decompression")
    coding_layers: int = limit(4, 0, 16, "layers", "of content coding are undone")
    multipart_parts: int = limit(256, 1, 65_535, "parts", "of one multipart body are followed")
    held_bytes: int = limit(65_536, 0, 1 << 20, "bytes", "after CONNECT are held until its response")
    headers: bool = True
    lzma: bool = False
    files: FileSettings = field(default_factory=FileSettings)
