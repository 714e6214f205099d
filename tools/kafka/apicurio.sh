#!/usr/bin/env bash
# A schema registry with Confluent's API (Apicurio, in memory) on loopback: apicurio.sh fetch|start|stop
# APICURIO_DIR work folder (log, pid), APICURIO_HOME where it is unpacked (kept between runs), APICURIO_PORT,
# APICURIO_MANAGEMENT_PORT, APICURIO_HEAP. Its API is http://127.0.0.1:PORT/apis/ccompat/v7. Needs Java 17, Maven.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
version=3.0.9
dir=${APICURIO_DIR:-$root/.work/kafka}
home=${APICURIO_HOME:-$root/.work/kafka/apicurio-$version}
port=${APICURIO_PORT:-18081}
management_port=${APICURIO_MANAGEMENT_PORT:-$((port + 1))}
pid_file=$dir/apicurio.pid
log=$dir/apicurio.log

runner() { find "$home" -maxdepth 1 \( -name quarkus-run.jar -o -name '*-runner.jar' \) 2>/dev/null | head -1; }
is_alive() { [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; }

fetch() {
  [ -n "$(runner)" ] && return 0
  mkdir -p "$home"
  mvn -B -q dependency:copy -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all" -DoutputDirectory="$home"
  tar xzf "$home/apicurio-registry-app-$version-all.tar.gz" -C "$home"
  rm -f "$home/apicurio-registry-app-$version-all.tar.gz"
}

start() {
  if is_alive; then return 0; fi
  fetch
  mkdir -p "$dir"
  java -Xmx"${APICURIO_HEAP:-256m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
    -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$management_port" \
    -jar "$(runner)" >"$log" 2>&1 </dev/null &
  echo $! >"$pid_file"
  for _ in $(seq 1 900); do
    if curl -fs "http://127.0.0.1:$port/apis/ccompat/v7/subjects" >/dev/null 2>&1; then return 0; fi
    is_alive || { tail -20 "$log" >&2; echo 'apicurio.sh: the registry died' >&2; return 1; }
    sleep 0.1
  done
  echo 'apicurio.sh: the registry is not ready after 90 s' >&2
  return 1
}

stop() {
  if is_alive; then kill "$(cat "$pid_file")"; fi
  rm -f "$pid_file"
}

case ${1:-} in
  fetch) fetch ;;
  start) start ;;
  stop) stop ;;
  *) sed -n 2,4p "$0"; exit 2 ;;
esac
