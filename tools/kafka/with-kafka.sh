#!/usr/bin/env bash
# Runs a command beside a fresh broker and schema registry: with-kafka.sh CMD ARGS…
# Both listen on free ports, which the command finds in PRECEDE_TEST_KAFKA_BROKERS and PRECEDE_TEST_REGISTRY_URL; if
# those are set already, nothing is started. PRECEDE_TEST_KAFKA_CONTROL names a script that takes stop, kill and start.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
if [ -n "${PRECEDE_TEST_KAFKA_BROKERS:-}" ] && [ -n "${PRECEDE_TEST_REGISTRY_URL:-}" ]; then exec "$@"; fi

missing=
for tool in java mvn curl; do command -v "$tool" >/dev/null || missing="$missing $tool"; done
if [ -n "$missing" ]; then
  echo "with-kafka.sh: not found:$missing" >&2
  if [ "${CI:-}" = true ]; then exit 1; fi
  # The tests say themselves that they are skipped, and why.
  exec env PRECEDE_TEST_KAFKA_SKIP="not found:$missing" "$@"
fi

mkdir -p "$root/.work/kafka"
work=$(mktemp -d "$root/.work/kafka/run-XXXXXX")
# Four ports that nobody listens on now.
read -r p1 p2 p3 p4 < <(node -e '
  const { createServer } = require("node:net");
  const servers = [1, 2, 3, 4].map(() => createServer().listen(0, "127.0.0.1"));
  setTimeout(() => {
    process.stdout.write(servers.map((s) => s.address().port).join(" ") + "\n");
    for (const s of servers) s.close();
  }, 50);
')
export KAFKA_DIR="$work" KAFKA_PORT="$p1" KAFKA_CONTROLLER_PORT="$p2"
export APICURIO_DIR="$work" APICURIO_PORT="$p3" APICURIO_MANAGEMENT_PORT="$p4"
cleanup() {
  "$here/kafka.sh" kill || true
  "$here/apicurio.sh" stop || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
"$here/kafka.sh" fetch
"$here/apicurio.sh" fetch
"$here/apicurio.sh" start &
registry=$!
"$here/kafka.sh" start
wait "$registry"
export PRECEDE_TEST_KAFKA_BROKERS="127.0.0.1:$p1"
export PRECEDE_TEST_REGISTRY_URL="http://127.0.0.1:$p3/apis/ccompat/v7"
export PRECEDE_TEST_KAFKA_CONTROL="$here/kafka.sh"
"$@"
