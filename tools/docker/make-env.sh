#!/usr/bin/env bash
# Writes .env for docker-compose.yml with random secrets; keeps one that is there.  make-env.sh [FILE]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
file=${1:-$root/.env}
if [ -e "$file" ]; then echo "$file is there already and stays as it is"; exit 0; fi

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

umask 077
text=$(sed -e '/THESE ARE DEMO VALUES/d' -e '/^# Copy to .env/d' "$root/deploy/docker/compose.env.example")
# 32 bytes each, as the session key must have them.
while IFS= read -r line; do
  case $line in
    *demo-token* | *demo-password* | PRECEDE_SESSION_KEY=*) echo "${line%%=*}=$(random_hex 32)" ;;
    *) echo "$line" ;;
  esac
done <<<"$text" >"$file"
echo "$file has random secrets; keep it"
