#!/usr/bin/env bash
# Runs a command where the cluster is: in its network, with kubectl and helm at hand:  in.sh kubectl get pods -A
set -euo pipefail

directory=${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}
namespace=${KUBE_NAMESPACE:-precede-kube}
export KUBECONFIG=$directory/work/admin.conf PATH=$directory/bin:$PATH
exec nsenter --net="/run/netns/$namespace" "$@"
