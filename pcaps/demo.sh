#!/bin/sh
# A day of a fictional city: make its captures, replay them into an embedded ClickHouse, show what was found.
set -eu
PYTHON=${PYTHON:-python3}
SEKISHO=${SEKISHO:-sekisho}
FOLDER=${1:-demo}

say() { printf '\n$ %s\n' "$*"; "$@"; }

mkdir -p "$FOLDER"
"$PYTHON" -m pcaps "$FOLDER/pcaps" --only demo_day
say "$SEKISHO" replay "$FOLDER/pcaps/demo_day.pcap" --zones zones/examples/city.toml --store "$FOLDER/store"
say "$SEKISHO" sql --store "$FOLDER/store" "SELECT src_zone, dst_zone, verdict, count() AS flows, sum(bytes_toserver + bytes_toclient) AS bytes FROM flow WHERE verdict != 'not_judged' GROUP BY ALL ORDER BY flows DESC LIMIT 12"
printf '\nThe captures and the store are in %s. Look further:\n' "$FOLDER"
printf '  %s alerts --store %s/store --severity high\n' "$SEKISHO" "$FOLDER"
printf '  %s explain --store %s/store ALERT_ID\n' "$SEKISHO" "$FOLDER"
