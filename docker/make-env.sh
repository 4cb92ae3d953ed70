#!/bin/sh
# Write .env with a password of its own for each user, readable by you alone. An .env that is there is left alone.
set -eu
cd "$(dirname "$0")/.."
if [ -e .env ]; then
    echo "make-env: .env is there already; delete it first for new passwords" >&2
    exit 1
fi
password() {
    LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c 32
}
umask 077
{
    echo "# Written by docker/make-env.sh. Keep it to yourself; docker compose reads it."
    echo "SEKISHO_WRITER_PASSWORD=$(password)"
    echo "SEKISHO_GRAFANA_PASSWORD=$(password)"
    echo "GRAFANA_ADMIN_PASSWORD=$(password)"
} > .env.new
mv .env.new .env
echo "make-env: wrote .env; the password of Grafana's admin is in it (GRAFANA_ADMIN_PASSWORD)"
