"""pcapng time stamps of any resolution to int64 nanoseconds, in 64-bit whole numbers without overflow."""

from __future__ import annotations

import numpy as np

from columns.kernel import kernel
from sensor.capture.counts import TS_MAX_NS

_SECOND_NS = 1_000_000_000
_SECONDS_MAX = 2**61  # more is out of range whatever the offset
_POWERS_OF_TEN = np.array([10**k for k in range(10)], np.int64)


@kernel
def divide(high, low, divisor):
    """Return the quotient of ``high * 2**32 + low`` in the same two halves, and the rest; divisor below 2**31."""
    upper = high // divisor
    rest = (high - upper * divisor) << 32 | low
    lower = rest // divisor
    return upper, lower, rest - lower * divisor


@kernel
def decimal_time(high, low, exponent):
    """Return seconds and nanoseconds of a count of 10**-exponent seconds."""
    while exponent > 9 and (high > 0 or low > 0):
        step = min(exponent - 9, 9)
        high, low, _ = divide(high, low, _POWERS_OF_TEN[step])
        exponent -= step
    exponent = min(exponent, 9)
    high, low, rest = divide(high, low, _POWERS_OF_TEN[exponent])
    if high >= 2**29:
        return np.int64(_SECONDS_MAX), np.int64(0)
    return high << 32 | low, rest * _POWERS_OF_TEN[9 - exponent]


@kernel
def binary_time(high, low, exponent):
    """Return seconds and nanoseconds of a count of 2**-exponent seconds."""
    if exponent <= 32:
        if high >> exponent >= 2**29:
            return np.int64(_SECONDS_MAX), np.int64(0)
        fraction = low & ((1 << exponent) - 1)
        return high << (32 - exponent) | low >> exponent, fraction * _SECOND_NS >> exponent
    shift = min(exponent - 32, 62)
    seconds = 0
    if shift < 32:
        seconds = high >> shift
        high = high & ((1 << shift) - 1)
    return np.int64(seconds), (high * _SECOND_NS + (low * _SECOND_NS >> 32)) >> shift


@kernel
def block_time(high, low, resolution, offset_seconds):
    """Return the time in ns since 1970 and whether it had to be clamped to 1970 .. 2260.

    high, low: the two halves of the 64-bit count; resolution: if_tsresol as stored (bit 7: power of 2 instead of 10);
    offset_seconds: if_tsoffset. Fractions of a nanosecond are cut off.
    """
    if resolution & 0x80:
        seconds, rest = binary_time(high, low, resolution & 0x7F)
    else:
        seconds, rest = decimal_time(high, low, resolution)
    if seconds >= _SECONDS_MAX or offset_seconds > _SECONDS_MAX or seconds + offset_seconds > TS_MAX_NS // _SECOND_NS:
        return np.int64(TS_MAX_NS), True
    if seconds + offset_seconds < 0:
        return np.int64(0), True
    return (seconds + offset_seconds) * _SECOND_NS + rest, False
