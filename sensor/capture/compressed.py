"""gzip and Zstandard, unpacked piece by piece so that no input can ask for more memory than a window."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sensor.capture.counts import Count


class Codec(NamedTuple):
    """A compression: how it is recognised and unpacked.

    piece_bytes of input become at most about 32 MiB: deflate gives at most 1032 bytes for one, and a Zstandard block
    of 4 bytes at most 128 KiB.
    """

    name: str
    recognise: Callable[[bytes], bool]
    new_decoder: Callable[[], object]
    piece_bytes: int
    error: type[Exception]


class Fault(NamedTuple):
    """Something wrong with the input itself."""

    count: Count
    message: str


def codec_of(head: bytes) -> Codec | None:
    """Return the codec of data that begins with these bytes, or None."""
    if _is_gzip(head):
        return Codec("gzip", _is_gzip, lambda: zlib.decompressobj(wbits=31), 16_384, zlib.error)
    if _is_zstd(head):
        import zstandard  # not needed for anything else

        unpacker = zstandard.ZstdDecompressor()  # windows beyond 128 MiB are refused
        return Codec("Zstandard", _is_zstd, unpacker.decompressobj, 1024, zstandard.ZstdError)
    return None


def _is_gzip(head: bytes) -> bool:
    return head[:3] == b"\x1f\x8b\x08"


def _is_zstd(head: bytes) -> bool:
    """Return True for a frame or a skippable frame."""
    return head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5)


def unpack(read: Callable[[int], bytes], codec: Codec, faults: list[Fault]) -> Iterator[bytes]:
    """Yield the unpacked data of all members (gzip) or frames (Zstandard), one after the other.

    Input that ends early or is damaged ends the data there, and adds a fault.
    """
    decoder, rest = None, b""
    while piece := rest or read(codec.piece_bytes):
        rest = b""
        if decoder is None:
            piece = _next_member(piece, read, codec, faults)
            if not piece:
                return
            decoder = codec.new_decoder()
        backup = decoder.copy() if codec.error is zlib.error else None
        try:
            data = decoder.decompress(piece)
        except codec.error as error:
            yield from _before_damage(backup, piece)
            faults.append(Fault(Count.INPUT_DAMAGED, f"the {codec.name} data is damaged and ends here ({error})"))
            return
        if data:
            yield data
        if decoder.eof:
            decoder, rest = None, decoder.unused_data
    if decoder is not None:
        faults.append(Fault(Count.INPUT_TRUNCATED, f"the {codec.name} data ends early"))


def _next_member(piece: bytes, read: Callable[[int], bytes], codec: Codec, faults: list[Fault]) -> bytes:
    """Return the input from the next member on, or b"" when only padding or something else follows."""
    while True:
        piece = piece.lstrip(b"\0")
        more = read(codec.piece_bytes) if len(piece) < 4 else b""
        if not more:
            break
        piece += more
    if piece and not codec.recognise(piece):
        faults.append(Fault(Count.INPUT_DAMAGED, f"what follows the {codec.name} data is left out"))
        return b""
    return piece


def _before_damage(backup, piece: bytes) -> Iterator[bytes]:
    """Yield what a damaged piece of gzip data still gives, byte by byte up to the damage."""
    if backup is None:
        return
    for byte in piece:
        try:
            data = backup.decompress(bytes((byte,)))
        except zlib.error:
            return
        if data:
            yield data
