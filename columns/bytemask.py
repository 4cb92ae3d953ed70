"""Which of 64 bytes are within a range, one bit for each: a few instructions of any processor with vectors.

As in ``columns.wire`` the Python function is what runs with NUMBA_DISABLE_JIT=1; the overload beside it compiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

BYTES = 64
"""So many bytes are looked at together."""


def mask64(data: np.ndarray, at: int, first: np.uint8, last: np.uint8) -> np.uint64:
    """Return a word whose bit k tells whether data[at + k] is first to last, of 64 bytes; IndexError beyond the buffer.

    first and last are to be np.uint8: numba compiles anew for each Python number.
    """
    if at < 0 or at > data.size - BYTES:
        raise IndexError("read beyond the buffer")
    some = data[at : at + BYTES]
    return np.packbits((some >= first) & (some <= last), bitorder="little").view("<u8")[0]


def lowest(mask: np.uint64) -> int:
    """Return the number of the lowest bit of a word that has one."""
    return (int(mask) & -int(mask)).bit_length() - 1


def count_ones(mask: np.uint64) -> int:
    """Return how many bits of a word are 1."""
    return int(mask).bit_count()


@intrinsic
def _mask(typing_context: Any, data: Any, at: Any, first: Any, last: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        lanes = ir.VectorType(ir.IntType(8), BYTES)
        some = builder.load(builder.bitcast(builder.gep(array.data, [args[1]]), lanes.as_pointer()), align=1)
        span = builder.sub(args[3], args[2])
        least, most = (_everywhere(builder, value, lanes) for value in (args[2], span))
        return builder.bitcast(builder.icmp_unsigned("<=", builder.sub(some, least), most), ir.IntType(64))

    return types.uint64(data, types.int64, types.uint8, types.uint8), generate


def _everywhere(builder: Any, value: Any, lanes: Any) -> Any:
    """Return a vector that holds a value in every place."""
    one = builder.insert_element(ir.Constant(lanes, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), BYTES), [0] * BYTES)
    return builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), places)


@overload(mask64)
def _(data, at, first, last):  # type: ignore[no-untyped-def]
    def mask(data, at, first, last):  # type: ignore[no-untyped-def]
        if at < 0 or at > data.size - BYTES:
            raise IndexError("read beyond the buffer")
        return _mask(data, at, first, last)

    return mask


@intrinsic
def _trailing_zeros(typing_context: Any, mask: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


@intrinsic
def _ones(typing_context: Any, mask: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.int64(types.uint64), generate


@overload(lowest)
def _(mask):  # type: ignore[no-untyped-def]
    def number(mask):  # type: ignore[no-untyped-def]
        return _trailing_zeros(mask)

    return number


@overload(count_ones)
def _(mask):  # type: ignore[no-untyped-def]
    def number(mask):  # type: ignore[no-untyped-def]
        return _ones(mask)

    return number
