"""A hint to the processor: this cache line will be read soon. It never faults and never changes a result."""

from __future__ import annotations

import columns.kernel  # noqa: F401  (settles where compiled kernels are kept before numba is imported)

from llvmlite import ir  # isort: skip
from numba import config, types
from numba.extending import intrinsic

if config.DISABLE_JIT:

    def prefetch(buffer, position):
        """Do nothing: interpreted kernels have no use for a hint."""

else:

    @intrinsic
    def prefetch(typing_context, buffer, position):
        """Hint that ``buffer[position]`` will be read soon; a position outside of the buffer is harmless."""

        def generate(context, builder, signature, arguments):
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            address = builder.gep(array.data, [arguments[1]])
            word = ir.IntType(32)
            shape = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
            hint = builder.module.declare_intrinsic("llvm.prefetch", [address.type], shape)
            builder.call(hint, [address, word(0), word(3), word(1)])  # for reading, into all caches, data
            return context.get_dummy_value()

        return types.none(buffer, types.int64), generate
