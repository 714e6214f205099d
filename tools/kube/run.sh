#!/usr/bin/env bash
# The chart on a real cluster: brings Kubernetes up, gives it the images, installs, tests, upgrades under load, rolls back,
# kills pods, recounts, and takes the cluster down:  run.sh      (KEEP=1 leaves the cluster up, to look at it)
# Needs: root, Go, a Docker daemon with the images of docker-compose.yml or the stand-ins (tools/docker), `npm ci` done.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export PRECEDE_KUBE_DIR=${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}
export PRECEDE_KUBE_PASSWORD PRECEDE_KUBE_TAGS=cluster-first,cluster-second
PRECEDE_KUBE_PASSWORD=$(od -An -N 16 -tx1 /dev/urandom | tr -d ' \n')
cd "$root"

packages=(etcd-server containerd runc containernetworking-plugins iptables conntrack ethtool socat iproute2 gcc libc6-dev)
install_packages() {
  local need=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || need+=("$package")
  done
  [ "${#need[@]}" -gt 0 ] || return 0
  apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${need[@]}" >/dev/null
}

build_images() { # TAG COMMIT
  for service in ingest sessionizer scorer enforcer control cli; do
    docker build --quiet --file deploy/docker/Dockerfile --build-arg SERVICE="$service" --build-arg VERSION="$1" \
      --build-arg COMMIT="$2" --tag "precede/$service:$1" . >"$PRECEDE_KUBE_DIR/build-images.log" 2>&1 ||
      { tail -n 40 "$PRECEDE_KUBE_DIR/build-images.log" >&2; exit 1; }
    images+=("precede/$service:$1")
  done
}

finish() {
  local status=$?
  [ -n "${KEEP:-}" ] || "$here/down.sh" || true
  exit "$status"
}

install_packages
"$here/build.sh"
docker info >/dev/null 2>&1 || tools/docker/dockerd.sh start
tools/docker/base-images.sh
tools/docker/stand-ins.sh
images=(apache/kafka:4.3.1 apicurio/apicurio-registry:3.0.9 clickhouse/clickhouse-server:26.7 valkey/valkey:8.1)
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
# Two releases of one code: what is to be seen is that pods come and go, and test/upgrade sees that code changes.
build_images cluster-first 1111111111111111111111111111111111111111
build_images cluster-second 2222222222222222222222222222222222222222

trap finish EXIT
"$here/up.sh"
"$here/load-images.sh" "${images[@]}"
tools/helm/install.sh >"$PRECEDE_KUBE_DIR/helm-install.log"
"$here/in.sh" tools/helm/check-on-server.sh
# What the check has made beside its dry runs would be in the way of an installation.
"$here/in.sh" kubectl delete namespace precede --wait >/dev/null
"$here/in.sh" kubectl apply -f "$here/dependencies.yaml" >/dev/null
"$here/in.sh" kubectl create namespace precede >/dev/null
"$here/in.sh" kubectl -n backends create secret generic backends --from-literal=password="$PRECEDE_KUBE_PASSWORD" >/dev/null
"$here/in.sh" kubectl -n backends wait --for=condition=Available deployment --all --timeout=180s
"$here/in.sh" "$root/node_modules/.bin/node" --test --test-reporter=spec --test-timeout=2400000 test/kube/src/kube.cluster-test.ts
