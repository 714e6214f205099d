#!/usr/bin/env bash
# Builds the peers of the enforcer's bench from the public module proxy: build.sh [DIR], default .work/bench-peers.
# DIR/bin gets opa and ratelimit; redis-server must be on the PATH (Debian: redis-server). Needs Go 1.26 or later
# and some minutes at the lowest priority; what is there already is left alone.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
dir=${1:-$root/.work/bench-peers}
mkdir -p "$dir/bin"
bin=$(cd "$dir/bin" && pwd)

# name, package, version; both are under Apache-2.0.
peers='opa github.com/open-policy-agent/opa v1.22.0
ratelimit github.com/envoyproxy/ratelimit/src/service_cmd v1.4.1-0.20260122083618-3fb702589d36'

build() {
  local name=$1 package=$2 version=$3
  [ "$(cat "$bin/$name.version" 2>/dev/null)" = "$version" ] && return
  echo "building $name $version"
  GOBIN=$bin nice -n 19 go install "$package@$version"
  [ "$(basename "$package")" = "$name" ] || mv "$bin/$(basename "$package")" "$bin/$name"
  echo "$version" >"$bin/$name.version"
}

command -v go >/dev/null || { echo 'Go is missing: the peers cannot be built' >&2; exit 1; }
while read -r name package version; do build "$name" "$package" "$version"; done <<<"$peers"
command -v redis-server >/dev/null || echo 'redis-server is missing: ratelimit needs it (apt-get install redis-server)'
echo "the peers are in $bin"
