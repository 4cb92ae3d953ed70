"""The settings of DNS."""

from __future__ import annotations

from dataclasses import dataclass

from columns.errors import UsageError


@dataclass(frozen=True)
class DnsSettings:
    """Settings of DNS; a value outside its range raises UsageError.

    text_bytes: most bytes of JSON made of one message, 4096..16777216; records beyond it are left out and the row says
    so. pending_requests: requests per flow that wait for their response, 1..65536; the oldest is forgotten first.
    """

    text_bytes: int = 256 << 10
    pending_requests: int = 512

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise UsageError(f"{name} is {value!r}", where="dns", expected=f"a whole number, {low} to {high}")


_RANGES = {"text_bytes": (4096, 16 << 20), "pending_requests": (1, 65536)}
