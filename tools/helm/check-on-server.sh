#!/usr/bin/env bash
# Every object that the chart makes, held before a running API server: check-on-server.sh  (tools/kube/in.sh in front of it)
# Makes the custom resource definitions and what pods name, then applies each values file as a dry run that refuses unknown
# fields, and holds the objects against the server's own description of its kinds. Nothing of the chart is installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
tools/helm/install.sh
export PATH=$PWD/node_modules/.bin:$PWD/.work/helm:$PATH

kubectl apply --server-side --filename .work/helm/crds >/dev/null
kubectl wait --for=condition=Established crd --all --timeout=60s >/dev/null
make() { kubectl create "$@" --dry-run=client --output yaml | kubectl apply --filename - >/dev/null; }
make namespace precede
# A pod, even as a dry run, is only taken where what it names is there.
make serviceaccount precede --namespace precede
make serviceaccount precede-runtime --namespace precede
make priorityclass high --value=1

for values in deploy/helm/precede/ci/*-values.yaml; do
  helm template precede deploy/helm/precede --namespace precede --values "$values" |
    kubectl apply --dry-run=server --validate=strict --filename - >/dev/null
  echo "ok $values"
done

schemas=$(mktemp -d)
trap 'rm -rf "$schemas"' EXIT
kubectl get --raw /openapi/v2 | node test/chart/src/openapi-schemas.ts "$schemas"
PRECEDE_TEST_KUBE_SCHEMAS=$schemas node --test --test-name-pattern 'running API server' test/chart/src/objects.chart.test.ts
