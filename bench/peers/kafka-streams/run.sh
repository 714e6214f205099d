#!/usr/bin/env bash
# Becomes the peer that build.sh made: run.sh DIR ARGS…; PEER_JVM holds arguments of the JVM.
set -euo pipefail
dir=${1:?run.sh DIR ARGS…}
shift
# shellcheck disable=SC2086
exec java ${PEER_JVM:--Xmx1g} -cp "$dir/classes:$dir/lib/*" precede.peer.Main "$@"
