#!/usr/bin/env bash
# Writes .env for docker-compose.yml with random secrets; keeps one that is there.  make-env.sh [FILE]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-$root/.env}
if [ -e "$file" ]; then echo "$file is there already and stays as it is"; exit 0; fi

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
sed -e '/THESE ARE DEMO VALUES/d' -e '/^# Copy to .env/d' \
  -e "s/^\(PRECEDE_CONTROL_ADMIN_TOKEN\)=.*/\1=$(random_hex 24)/" \
  -e "s/^\(PRECEDE_SESSION_KEY\)=.*/\1=$(random_hex 32)/" \
  -e "s/^\(PRECEDE_CLICKHOUSE_PASSWORD\)=.*/\1=$(random_hex 24)/" \
  "$root/deploy/docker/compose.env.example" >"$file"
echo "$file has random secrets; keep it"
