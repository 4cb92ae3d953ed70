"""The settings of decode."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from columns.errors import UsageError

CHECKSUM_MODES = ("auto", "validate", "ignore")
REFUSING = ("auto", "all", "tcp")


_RANGES = {
    "rows_per_batch": (64, 1 << 20), "fragment_datagrams": (1, 1 << 20), "fragment_bytes": (1 << 20, 1 << 32),
    "fragment_timeout_s": (1, 3600), "clock_reset_s": (1, 31_536_000),
}


def _number(default: int, name: str) -> int:
    return field(default=default, metadata={"range": _RANGES[name]})


@dataclass(frozen=True)
class DecodeSettings:
    """Settings of the decoder; a value outside its range raises UsageError.

    checksums: ``validate`` refuses packets with a bad checksum, ``ignore`` computes none, ``auto`` decides once for all
    after 1000 verifiable frames: a tenth of them bad means that the capturing machine offloads, hence ignore; else
    validate. Until then bad ones are marked and used.
    refuse_by: whose bad checksum refuses a packet: ``all``, or ``tcp`` alone; ``auto`` is all, and tcp where rules are
    evaluated: they are written for sensors that look into other packets all the same.
    rows_per_batch: rows per yield, 64..1048576. fragment_datagrams: datagrams in reassembly at once, 1..1048576.
    fragment_bytes: bytes held for them, 1 MiB..4 GiB. fragment_timeout_s: seconds of event time a datagram may take,
    1..3600. clock_reset_s: a fall of time by more than this many seconds starts the event clock again, 1..31536000.
    """

    checksums: str = "auto"
    refuse_by: str = "auto"
    rows_per_batch: int = _number(65536, "rows_per_batch")
    fragment_datagrams: int = _number(8192, "fragment_datagrams")
    fragment_bytes: int = _number(32 << 20, "fragment_bytes")
    fragment_timeout_s: int = _number(60, "fragment_timeout_s")
    clock_reset_s: int = _number(3600, "clock_reset_s")

    def __post_init__(self) -> None:
        if self.checksums not in CHECKSUM_MODES:
            raise UsageError(f"checksums is {self.checksums!r}", where="decode", expected=", ".join(CHECKSUM_MODES))
        if self.refuse_by not in REFUSING:
            raise UsageError(f"refuse_by is {self.refuse_by!r}", where="decode", expected=", ".join(REFUSING))
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise UsageError(f"{name} is {value!r}", where="decode", expected=f"a whole number, {low} to {high}")


assert set(_RANGES) | {"checksums", "refuse_by"} == {f.name for f in fields(DecodeSettings)}
