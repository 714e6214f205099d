#!/usr/bin/env bash
# Gives images of the Docker daemon to the cluster's node, as no registry stands between:  load-images.sh IMAGE...
set -euo pipefail

work=$(readlink -f "${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}/work")
[ "$#" -gt 0 ] || { sed -n 2p "$0" >&2; exit 64; }
# One archive for all: layers that they share are written once.
docker save "$@" | ctr -a "$work/containerd/containerd.sock" -n k8s.io images import --digests=false - >"$work/log/images.log" ||
  { tail -n 20 "$work/log/images.log" >&2; exit 1; }
echo "kube: $# images are on the node"
