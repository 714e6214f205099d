#!/usr/bin/env bash
# Local stand-ins, under the tags that docker-compose.yml and the tests name, for the public images of Kafka, Apicurio,
# ClickHouse and Prometheus, on machines that reach package registries but no image registry. The same programs, built
# from Maven artifacts, npm packages and Debian packages. For checks on this machine alone: never push them.
# Needs: a Docker daemon, the base images of base-images.sh, mvn, and `npm ci` done. Images that are there are kept.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

have() { docker image inspect "$1" >/dev/null 2>&1; }

build() { # NAME TAG…: builds the context in $work/NAME
  local name=$1 tags=()
  shift
  for tag in "$@"; do tags+=(--tag "$tag"); done
  DOCKER_BUILDKIT=0 docker build --quiet "${tags[@]}" "$work/$name" 2>"$work/$name.log" ||
    { cat "$work/$name.log" >&2; echo "stand-ins: $name does not build" >&2; exit 1; }
}

context() { cp -r "$here/$1" "$work/$1"; }

java() {
  have precede-stand-in/java && return
  context java
  build java precede-stand-in/java
}

kafka() {
  have apache/kafka:4.3.1 && have confluentinc/cp-kafka:8.1.0 && return
  java
  context kafka
  cp "$root/tools/kafka/log4j2.properties" "$work/kafka/"
  mvn -B -q -f "$root/tools/kafka/pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$work/kafka/libs" -DincludeScope=runtime
  build kafka apache/kafka:4.3.1 confluentinc/cp-kafka:8.1.0
}

registry() {
  have apicurio/apicurio-registry:3.0.9 && return
  java
  context apicurio
  APICURIO_HOME="$work/apicurio/app" "$root/tools/kafka/apicurio.sh" fetch
  build apicurio apicurio/apicurio-registry:3.0.9
}

clickhouse() {
  have clickhouse/clickhouse-server:26.7 && return
  context clickhouse
  local app=$work/clickhouse/app
  mkdir -p "$app/libs" "$app/node_modules/@precede"
  cp -r "$root/libs/clickhouse" "$root/libs/contracts" "$app/libs/"
  ln -s ../../libs/contracts "$app/node_modules/@precede/contracts"
  (cd "$root/node_modules" && cp -r --parents @chdb chdb @clickhouse ffi-rs @yuuang "$app/node_modules/")
  build clickhouse clickhouse/clickhouse-server:26.7
}

prometheus() {
  have prom/prometheus:v3.5.0 && return
  context prometheus
  build prometheus prom/prometheus:v3.5.0
}

for image in "${@:-kafka registry clickhouse prometheus}"; do
  # Unquoted on purpose: the default holds all four.
  for each in $image; do $each; done
done
