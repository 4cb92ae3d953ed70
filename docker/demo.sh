#!/bin/sh
# Make the day of the demonstration and replay it into the server; again, it changes nothing.
set -eu
if [ "${KERNEL_CPU:-native}" != native ]; then
    export NUMBA_CPU_NAME="$KERNEL_CPU"
fi
python -m pcaps /data/pcaps --only demo_day
exec sekisho replay /data/pcaps/demo_day.pcap --zones /etc/sekisho/zones.toml --store "$STORE" --quiet
