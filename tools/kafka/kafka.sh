#!/usr/bin/env bash
# Apache Kafka from its Maven artifacts, one node on loopback: kafka.sh fetch|start|stop|kill|tool CLASS ARGS…
# KAFKA_DIR work folder (data, log, pid), KAFKA_LIB jars (kept between runs), KAFKA_PORT, KAFKA_CONTROLLER_PORT, KAFKA_HEAP.
# KAFKA_PROPERTIES a file of further settings, KAFKA_SCRAM its users, as `--add-scram` takes them, parted by spaces.
# Needs Java 17 and, for the first fetch, Maven.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${KAFKA_DIR:-$root/.work/kafka}
lib=${KAFKA_LIB:-$root/.work/kafka/lib}
port=${KAFKA_PORT:-19092}
controller_port=${KAFKA_CONTROLLER_PORT:-$((port + 1))}
heap=${KAFKA_HEAP:-512m}
pid_file=$dir/kafka.pid
log=$dir/kafka.log

run_java() { java -cp "$lib/*" -Dlog4j2.configurationFile="$here/log4j2.properties" "$@"; }
is_alive() { [ -f "$pid_file" ] && kill -0 "$(cat "$pid_file")" 2>/dev/null; }

fetch() {
  [ -f "$lib/.done" ] && return 0
  mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$lib" -DincludeScope=runtime
  touch "$lib/.done"
}

format() {
  sed -e "s/@PORT@/$port/g" -e "s/@CONTROLLER_PORT@/$controller_port/g" -e "s#@DATA@#$dir/data#g" \
    "$here/server.properties" >"$dir/server.properties"
  if [ -n "${KAFKA_PROPERTIES:-}" ]; then cat "$KAFKA_PROPERTIES" >>"$dir/server.properties"; fi
  [ -f "$dir/data/meta.properties" ] && return 0
  users=()
  for user in ${KAFKA_SCRAM:-}; do users+=(--add-scram "$user"); done
  run_java -Dkafka.log.level=ERROR kafka.tools.StorageTool format "${users[@]}" \
    -t "$(run_java -Dkafka.log.level=ERROR kafka.tools.StorageTool random-uuid)" -c "$dir/server.properties" >/dev/null
}

start() {
  if is_alive; then return 0; fi
  fetch
  mkdir -p "$dir"
  format
  : >"$log"
  # Not through run_java: a function in the background would be a shell around the broker, and its pid the shell's.
  java -cp "$lib/*" -Dlog4j2.configurationFile="$here/log4j2.properties" -Dkafka.log.level="${KAFKA_LOG_LEVEL:-INFO}" \
    -Xms128m -Xmx"$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 kafka.Kafka "$dir/server.properties" >>"$log" 2>&1 </dev/null &
  echo $! >"$pid_file"
  for _ in $(seq 1 900); do
    if grep -q 'Kafka Server started' "$log"; then return 0; fi
    is_alive || { tail -20 "$log" >&2; echo 'kafka.sh: the broker died' >&2; return 1; }
    sleep 0.1
  done
  echo 'kafka.sh: the broker is not ready after 90 s' >&2
  return 1
}

stop() {
  is_alive || { rm -f "$pid_file"; return 0; }
  pid=$(cat "$pid_file")
  kill "-${1:-TERM}" "$pid"
  for _ in $(seq 1 300); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$pid_file"
}

case ${1:-} in
  fetch) fetch ;;
  start) start ;;
  stop) stop ;;
  kill) stop KILL ;;
  tool) shift; run_java -Xmx256m -Dkafka.log.level=ERROR "$@" ;;
  *) sed -n 2,5p "$0"; exit 2 ;;
esac
