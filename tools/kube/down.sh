#!/usr/bin/env bash
# Ends what up.sh started in DIR, and nothing else:  down.sh [DIR]
set -uo pipefail

work=$(readlink -m "${1:-${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}/work}")
namespace=${KUBE_NAMESPACE:-precede-kube}
socket=$work/containerd/containerd.sock
[ -f "$work/pids" ] || { echo 'kube: not up'; exit 0; }

if [ -S "$socket" ]; then
  ctr -a "$socket" -n k8s.io tasks ls 2>/dev/null | awk 'NR > 1 { print $2 }' | while read -r pid; do
    kill -9 "$pid" 2>/dev/null
  done
fi
# The last one started ends first: the API server must not go before those who ask it.
tac "$work/pids" | while read -r pid _; do kill "$pid" 2>/dev/null; done
for _ in $(seq 20); do
  alive=0
  while read -r pid _; do kill -0 "$pid" 2>/dev/null && alive=1; done <"$work/pids"
  [ "$alive" = 1 ] || break
  sleep 0.5
done
while read -r pid _; do kill -9 "$pid" 2>/dev/null; done <"$work/pids"
for shim in $(pgrep -f "containerd-shim-runc-v2 -namespace k8s.io .*-address $socket"); do kill "$shim" 2>/dev/null; done
grep -E " $work/" /proc/mounts | awk '{ print $2 }' | sort -r | xargs -r -n1 umount -l 2>/dev/null
# Names of the pods' own network namespaces.
ls /run/netns 2>/dev/null | grep '^cni-' | grep -vxFf "$work/netns.before" | xargs -r -n1 ip netns del 2>/dev/null
ip netns del "$namespace" 2>/dev/null
# The next one begins anew; the logs of this one stay.
find "$work" -mindepth 1 -maxdepth 1 ! -name log -exec rm -rf {} +
echo 'kube: down'
