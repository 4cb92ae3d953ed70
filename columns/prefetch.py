"""Hints to the processor: these cache lines will be read soon. They never fault and never change a result."""

from __future__ import annotations

from columns.kernel import inlined  # (also settles where compiled kernels are kept before numba is imported)

from llvmlite import ir  # isort: skip
from numba import config, types
from numba.extending import intrinsic

_LINE_BYTES = 64
_AHEAD_BYTES = 8192

if config.DISABLE_JIT:

    def prefetch(buffer, position):
        """Do nothing: interpreted kernels have no use for a hint."""

    def prefetch_line(records, position, line):
        """Do nothing either."""

else:

    def _hint(builder, address):
        word = ir.IntType(32)
        shape = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [address.type], shape)
        builder.call(hint, [address, word(0), word(3), word(1)])  # for reading, into all caches, data

    @intrinsic
    def prefetch(typing_context, buffer, position):
        """Hint that ``buffer[position]`` will be read soon; a position outside of the buffer is harmless."""

        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            _hint(builder, builder.gep(array.data, [arguments[1]]))
            return context.get_dummy_value()

        return types.none(buffer, types.int64), generate

    @intrinsic
    def prefetch_line(typing_context, records, position, line):
        """Hint that a line (of 64 bytes, counted from 0) of ``records[position]`` will be read soon."""

        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            record = builder.bitcast(builder.gep(array.data, [arguments[1]]), ir.IntType(8).as_pointer())
            _hint(builder, builder.gep(record, [builder.mul(arguments[2], arguments[2].type(_LINE_BYTES))]))
            return context.get_dummy_value()

        return types.none(records, types.int64, types.int64), generate


@inlined
def prefetch_run(buffer, position, fetched):
    """Ask for the next 8 KiB from ``position`` on, of which all before ``fetched`` was asked for; return its end.

    A walk over records of unknown length waits for memory at every header. Asking for every line in order costs less
    than half of that, and what follows (checksums are over every byte) finds the data in the cache.
    """
    while fetched < position + _AHEAD_BYTES:
        prefetch(buffer, fetched)
        fetched += _LINE_BYTES
    return fetched
