#!/usr/bin/env bash
# A Docker daemon without systemd, for CI machines that run as root:  dockerd.sh start|stop [WORKDIR]
# Needs (Debian): docker.io containerd runc iptables. Leaves a daemon that already runs alone, and never stops one it has not started.
set -euo pipefail

command=${1:?start or stop}
work=$(realpath -m "${2:-${PRECEDE_DOCKER_DIR:-/var/tmp/precede-docker}}")
pidfile=$work/dockerd.pid

start() {
  if docker info >/dev/null 2>&1; then echo 'docker: already running'; return; fi
  mkdir -p "$work"
  # The MTU fits below tunnelled networks; a larger one stalls downloads during builds.
  setsid dockerd --mtu 1400 --data-root "$work/data" --exec-root "$work/exec" --pidfile "$pidfile" \
    >"$work/dockerd.log" 2>&1 </dev/null &
  for _ in $(seq 240); do
    if docker info >/dev/null 2>&1; then echo "docker: started, pid $(cat "$pidfile")"; return; fi
    sleep 0.25
  done
  echo 'docker: not ready after a minute' >&2
  tail -n 30 "$work/dockerd.log" >&2
  exit 1
}

stop() {
  [ -f "$pidfile" ] || return 0
  local pid
  pid=$(cat "$pidfile")
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 120); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.25; done
  echo "docker: process $pid does not end" >&2
  exit 1
}

case $command in
  start) start ;;
  stop) stop ;;
  *) sed -n 2,3p "$0" >&2; exit 64 ;;
esac
