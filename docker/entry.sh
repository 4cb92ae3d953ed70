#!/bin/sh
# Run sekisho with the processor its kernels were compiled for, else they would be compiled again.
set -eu
if [ "${KERNEL_CPU:-native}" != native ]; then
    export NUMBA_CPU_NAME="$KERNEL_CPU"
fi
exec sekisho "$@"
