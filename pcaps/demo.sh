#!/bin/sh
# A day of a fictional city: make its captures, replay them into an embedded ClickHouse, show what was found.
set -eu
PYTHON=${PYTHON:-python3}
SEKISHO=${SEKISHO:-sekisho}
FOLDER=${1:-demo}
QUERY="SELECT src_zone, dst_zone, verdict, count() AS flows FROM flow WHERE verdict > 'permitted' GROUP BY ALL ORDER BY flows DESC"

mkdir -p "$FOLDER"
"$PYTHON" -m pcaps "$FOLDER/pcaps" --only demo_day

printf '\n$ sekisho replay %s/pcaps/demo_day.pcap --zones zones/examples/city.toml --store %s/store\n' "$FOLDER" "$FOLDER"
"$SEKISHO" replay "$FOLDER/pcaps/demo_day.pcap" --zones zones/examples/city.toml --store "$FOLDER/store"

printf '\n$ sekisho sql --store %s/store "%s"\n' "$FOLDER" "$QUERY"
"$SEKISHO" sql --store "$FOLDER/store" "$QUERY"

printf '\nLook further:\n'
printf '  %s alerts --store %s/store --severity high\n' "$SEKISHO" "$FOLDER"
printf '  %s explain --store %s/store ALERT_ID\n' "$SEKISHO" "$FOLDER"
printf '  %s console --store %s/store\n' "$SEKISHO" "$FOLDER"
