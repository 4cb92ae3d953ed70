"""Reading big-endian numbers out of bytes, and copying bytes: one bounds check each, one load, no copy.

``data[i] << 8 | data[i + 1]`` would check every byte and keep LLVM from joining the loads. The Python functions here
are what runs with NUMBA_DISABLE_JIT=1; the overloads beside them are what compiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload


def be16(data: np.ndarray, at: int) -> int:
    """Return the 16-bit big-endian number at data[at]; IndexError beyond the buffer."""
    return int.from_bytes(data[_checked(data, at, 2) : at + 2].tobytes(), "big")


def be32(data: np.ndarray, at: int) -> int:
    """Return the 32-bit big-endian number at data[at]; IndexError beyond the buffer."""
    return int.from_bytes(data[_checked(data, at, 4) : at + 4].tobytes(), "big")


def be64(data: np.ndarray, at: int) -> np.uint64:
    """Return the 64-bit big-endian number at data[at] as uint64; IndexError beyond the buffer."""
    return np.uint64(int.from_bytes(data[_checked(data, at, 8) : at + 8].tobytes(), "big"))


def word_sum(data: np.ndarray, start: int, words: int) -> int:
    """Return the sum of the 32-bit halves of so many little-endian 64-bit words from data[start] on (at most 2**20)."""
    end = _checked(data, start, 8 * words) + 8 * words
    raw = data[start:end].tobytes()
    return sum(int.from_bytes(raw[i : i + 4], "little") for i in range(0, 8 * words, 4))


def copy_bytes(target: np.ndarray, to: int, source: np.ndarray, start: int, size: int) -> None:
    """Copy source[start : start + size] to target[to:]; the two do not overlap; IndexError beyond either.

    (A slice assignment does the same, but brings its error message with it: two seconds of compiling.)
    """
    target[_checked(target, to, size) : to + size] = source[_checked(source, start, size) : start + size]


def put64(target: np.ndarray, at: int, value: int) -> None:
    """Write a number of 64 bits to target[at : at + 8], most significant byte first; IndexError beyond its end."""
    target[_checked(target, at, 8) : at + 8] = np.frombuffer(int(value).to_bytes(8, "big"), np.uint8)


def _checked(data: np.ndarray, at: int, size: int) -> int:
    if at < 0 or size < 0 or at > data.size - size:
        raise IndexError("read beyond the buffer")
    return at


def _loader(bits: int, swap: bool) -> Any:
    """Make the intrinsic that loads a number of so many bits from any address, without a check."""

    @intrinsic
    def load(typing_context, data, at):  # type: ignore[no-untyped-def]
        result = types.uint64 if bits == 64 else types.int64

        def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
            array = context.make_array(signature.args[0])(context, builder, args[0])
            word = ir.IntType(bits)
            value = builder.load(builder.bitcast(builder.gep(array.data, [args[1]]), word.as_pointer()), align=1)
            value = builder.bswap(value) if swap else value
            return value if bits == 64 else builder.zext(value, ir.IntType(64))

        return result(data, types.int64), generate

    return load


_load16, _load32, _load64 = _loader(16, True), _loader(32, True), _loader(64, True)
_load64_native = _loader(64, False)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _compile_read(python: Any, load: Any, size: int) -> None:
    @overload(python)
    def _(data, at):  # type: ignore[no-untyped-def]
        def read(data, at):  # type: ignore[no-untyped-def]
            if at < 0 or at > data.size - size:
                raise IndexError("read beyond the buffer")
            return load(data, at)

        return read


_compile_read(be16, _load16, 2)
_compile_read(be32, _load32, 4)
_compile_read(be64, _load64, 8)


@overload(word_sum)
def _(data, start, words):  # type: ignore[no-untyped-def]
    def total(data, start, words):  # type: ignore[no-untyped-def]
        if start < 0 or words < 0 or start > data.size - 8 * words:
            raise IndexError("read beyond the buffer")
        acc = np.uint64(0)
        for i in range(words):
            word = _load64_native(data, start + 8 * i)
            acc += (word & _LOW) + (word >> _HALF)
        return np.int64(acc)

    return total


@intrinsic
def _copy_raw(typing_context, target, to, source, start, size):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        into = context.make_array(signature.args[0])(context, builder, args[0])
        out_of = context.make_array(signature.args[2])(context, builder, args[2])
        cgutils.raw_memcpy(
            builder, builder.gep(into.data, [args[1]]), builder.gep(out_of.data, [args[3]]), args[4], 1)
        return context.get_dummy_value()

    return types.none(target, types.int64, source, types.int64, types.int64), generate


@intrinsic
def _store64(typing_context, target, at, value):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, args):  # type: ignore[no-untyped-def]
        into = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.bitcast(builder.gep(into.data, [args[1]]), ir.IntType(64).as_pointer())
        builder.store(builder.bswap(args[2]), place, align=1)
        return context.get_dummy_value()

    return types.none(target, types.int64, types.uint64), generate


@overload(put64)
def _(target, at, value):  # type: ignore[no-untyped-def]
    def put(target, at, value):  # type: ignore[no-untyped-def]
        if at < 0 or at > target.size - 8:
            raise IndexError("write beyond the buffer")
        _store64(target, at, value)

    return put


@overload(copy_bytes)
def _(target, to, source, start, size):  # type: ignore[no-untyped-def]
    def copy(target, to, source, start, size):  # type: ignore[no-untyped-def]
        if size < 0 or to < 0 or to > target.size - size or start < 0 or start > source.size - size:
            raise IndexError("copy beyond the buffer")
        _copy_raw(target, to, source, start, size)

    return copy
