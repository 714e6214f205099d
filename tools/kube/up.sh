#!/usr/bin/env bash
# A real Kubernetes of one node, in a network namespace of its own that nothing can leave:  up.sh [api] [DIR]
# `api`: only etcd and the API server, in five seconds, to check manifests; else pods run as well. down.sh ends it.
# Needs the programs of build.sh and (Debian): etcd-server; to run pods also containerd runc containernetworking-plugins
# iptables conntrack ethtool socat iproute2 gcc libc6-dev. As root.
set -euo pipefail

mode=full
[ "${1:-}" != api ] || { mode=api; shift; }
directory=$(readlink -m "${1:-${PRECEDE_KUBE_DIR:-/var/tmp/precede-kube}}")
bin=$directory/bin
work=$directory/work
namespace=${KUBE_NAMESPACE:-precede-kube}
node=node1
node_ip=10.99.0.1
pod_net=10.244.0.0/24
service_net=10.96.0.0/16

[ ! -s "$work/pids" ] || { echo "kube: $work is up already, or was left behind: down.sh" >&2; exit 1; }
mkdir -p "$work"/{pki,log,etcd,kubelet,cni,containerd}
: >"$work/pids"
ls /run/netns 2>/dev/null | grep '^cni-' >"$work/netns.before" || :

# nsenter and not `ip netns exec`: that one mounts /sys anew and hides the cgroups from containerd and the kubelet.
inside() { nsenter --net="/run/netns/$namespace" "$@"; }
background() {
  local name=$1
  shift
  # Not by `inside`: the process of a function is another one than that of the program.
  nsenter --net="/run/netns/$namespace" setsid "$@" >"$work/log/$name.log" 2>&1 </dev/null &
  echo "$! $name" >>"$work/pids"
}

make_network() {
  ! ip netns list | grep -qw "$namespace" || return 0
  ip netns add "$namespace"
  inside ip link set lo up
  # A pair of which only one end is used: the node needs an address, and not every kernel has dummy devices.
  inside ip link add node0 type veth peer name node0p
  inside ip addr add "$node_ip/24" dev node0
  inside ip link set node0 up
  inside ip link set node0p up
  inside ip route add default via 10.99.0.254 dev node0
  inside sysctl -qw net.ipv4.ip_forward=1
  inside sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || :
}

certificate() { # name, subject, other names
  openssl req -newkey rsa:2048 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  printf 'extendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

make_certificates() {
  cd "$work/pki"
  [ ! -s sa.key ] || return 0
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=kube-ca -keyout ca.key -out ca.crt 2>/dev/null
  local api=DNS:localhost,DNS:kubernetes
  api+=,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local
  certificate apiserver /CN=kube-apiserver "$api,IP:127.0.0.1,IP:10.96.0.1,IP:$node_ip"
  certificate admin /O=system:masters/CN=admin
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate proxy /CN=system:kube-proxy
  certificate kubelet "/O=system:nodes/CN=system:node:$node" "DNS:$node,IP:$node_ip"
  certificate coredns /O=system:masters/CN=coredns
  openssl genrsa -out sa.key 2048 2>/dev/null
}

make_logins() {
  for user in admin controller-manager scheduler proxy kubelet coredns; do
    cat >"$work/$user.conf" <<END
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority: $work/pki/ca.crt}}]
users: [{name: u, user: {client-certificate: $work/pki/$user.crt, client-key: $work/pki/$user.key}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
END
  done
}

start_api() {
  background etcd etcd --data-dir "$work/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  local pki=$work/pki
  background apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 \
    --advertise-address="$node_ip" --secure-port=6443 --service-cluster-ip-range="$service_net" --allow-privileged=true \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
    --service-account-key-file="$pki/sa.key" --service-account-signing-key-file="$pki/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --authorization-mode=Node,RBAC \
    --kubelet-preferred-address-types=InternalIP --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key"
  for _ in $(seq 240); do
    inside "$bin/kubectl" get --raw /readyz >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -n 20 "$work/log/apiserver.log" >&2
  exit 1
}

start_control() {
  background controller-manager "$bin/kube-controller-manager" --kubeconfig="$work/controller-manager.conf" \
    --root-ca-file="$work/pki/ca.crt" --service-account-private-key-file="$work/pki/sa.key" --use-service-account-credentials=true \
    --cluster-signing-cert-file="$work/pki/ca.crt" --cluster-signing-key-file="$work/pki/ca.key" --leader-elect=false
  background scheduler "$bin/kube-scheduler" --kubeconfig="$work/scheduler.conf" --leader-elect=false
}

start_containerd() {
  cat >"$work/cni/10-bridge.conflist" <<END
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$work/cni-data", "ranges": [[{"subnet": "$pod_net"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
END
  # In a sandbox root may lack CAP_SYS_RESOURCE, and then nothing can lower its score for the OOM killer.
  cat >"$work/containerd/config.toml" <<END
version = 2
root = "$work/containerd/root"
state = "$work/containerd/state"
[grpc]
  address = "$work/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/precede/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$work/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
END
  background containerd containerd --config "$work/containerd/config.toml"
  for _ in $(seq 60); do
    ctr -a "$work/containerd/containerd.sock" version >/dev/null 2>&1 && return
    sleep 0.25
  done
  tail -n 20 "$work/log/containerd.log" >&2
  exit 1
}

# The container that holds a pod's network: a static program that waits and buries children, and nothing else.
make_pause_image() {
  local context sum
  context=$(mktemp -d)
  gcc -static -Os -o "$context/pause" "$here/pause.c"
  tar -C "$context" -cf "$context/layer.tar" pause
  sum=$(sha256sum "$context/layer.tar" | cut -d' ' -f1)
  printf '{"architecture":"amd64","os":"linux","config":{"Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$sum" >"$context/config.json"
  echo '[{"Config":"config.json","RepoTags":["docker.io/precede/pause:1"],"Layers":["layer.tar"]}]' >"$context/manifest.json"
  tar -C "$context" -cf - manifest.json config.json layer.tar |
    ctr -a "$work/containerd/containerd.sock" -n k8s.io images import - >/dev/null
  rm -rf "$context"
}

start_node() {
  : >"$work/resolv.conf"
  cat >"$work/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $work/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $work/pki/kubelet.crt
tlsPrivateKeyFile: $work/pki/kubelet.key
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
containerRuntimeEndpoint: unix://$work/containerd/containerd.sock
clusterDNS: [$node_ip]
clusterDomain: cluster.local
resolvConf: $work/resolv.conf
podLogsDir: $work/podlogs
volumePluginDir: $work/volplugins
staticPodPath: ""
evictionHard: {memory.available: 100Mi, nodefs.available: 2%, imagefs.available: 2%}
imageGCHighThresholdPercent: 100
shutdownGracePeriod: 0s
END
  background kubelet "$bin/kubelet" --config="$work/kubelet.yaml" --kubeconfig="$work/kubelet.conf" \
    --root-dir="$work/kubelet" --hostname-override="$node" --node-ip="$node_ip"
  background proxy "$bin/kube-proxy" --kubeconfig="$work/proxy.conf" --hostname-override="$node" --cluster-cidr="$pod_net" \
    --proxy-mode=iptables --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0
  cat >"$work/Corefile" <<END
.:53 {
  bind $node_ip
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig $work/coredns.conf
  }
  cache 5
}
END
  background coredns "$bin/coredns" -conf "$work/Corefile"
}

await_node() {
  for _ in $(seq 60); do
    inside "$bin/kubectl" get "node/$node" >/dev/null 2>&1 && break
    sleep 0.5
  done
  inside "$bin/kubectl" wait --for=condition=Ready "node/$node" --timeout=120s >/dev/null
}

here=$(cd "$(dirname "$0")" && pwd)
export KUBECONFIG=$work/admin.conf
make_network
make_certificates
make_logins
start_api
[ "$mode" = full ] || { echo "kube: the API server is ready ($SECONDS s)"; exit 0; }
start_control
start_containerd
make_pause_image
start_node
await_node
echo "kube: node $node is ready ($SECONDS s)"
