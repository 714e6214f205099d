#!/usr/bin/env bash
# Builds the images, brings docker-compose.yml up under a name and on ports of its own, sends requests through it, compares
# the scores with what they must be, and takes it down again. A failure prints every service's log.
# Needs: Docker with compose (v2, or docker-compose 1.29), and `npm ci` done. As root it starts a Docker daemon where none
# runs; where no image registry can be reached it makes local stand-ins first (base-images.sh, stand-ins.sh).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"

own_daemon=
if ! docker info >/dev/null 2>&1; then
  "$here/dockerd.sh" start
  own_daemon=1
fi

work=$(mktemp -d)
project=precede-smoke-$$
if docker compose version >/dev/null 2>&1; then tool=(docker compose); else tool=(docker-compose); fi
compose() { "${tool[@]}" --project-name "$project" --env-file "$work/env" "$@"; }

finish() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    echo "compose-smoke: failed, the logs follow" >&2
    compose ps >&2 || true
    for service in kafka registry clickhouse control ingest sessionizer scorer enforcer; do
      compose logs --no-color --tail=60 "$service" >&2 || true
    done
  fi
  compose down --volumes --timeout 30 >"$work/down.log" 2>&1 || cat "$work/down.log" >&2
  [ -z "$own_daemon" ] || "$here/dockerd.sh" stop || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

# One image answers for all: a machine reaches the image registry or it does not.
can_get() { docker image inspect "$1" >/dev/null 2>&1 || timeout 60 docker pull --quiet "$1" >/dev/null 2>&1; }

say() { echo "compose-smoke: $* ($((SECONDS)) s)"; }

free_ports() {
  node -e '
    const { createServer } = require("node:net");
    const servers = process.argv.slice(1).map(() => createServer().listen(0, "127.0.0.1"));
    setTimeout(() => {
      process.argv.slice(1).forEach((name, i) => console.log(`PRECEDE_PORT_${name}=${servers[i].address().port}`));
      for (const server of servers) server.close();
    }, 100);' CONTROL INGEST ENFORCER CLICKHOUSE KAFKA REGISTRY PROMETHEUS
}

"$here/make-env.sh" "$work/env" >/dev/null
free_ports >"$work/ports"
grep -v '^PRECEDE_PORT_' "$work/env" >"$work/secrets"
cat "$work/secrets" "$work/ports" >"$work/env"
value() { sed -n "s/^$1=//p" "$work/env"; }
address() { echo "http://127.0.0.1:$(value "PRECEDE_PORT_$1")"; }

if docker image inspect precede-stand-in/java >/dev/null 2>&1 || ! can_get node:24-bookworm-slim; then
  "$here/base-images.sh"
  "$here/stand-ins.sh"
  say 'the stand-ins are there'
fi

# BuildKit where it is there; the older builder knows everything that the Dockerfile uses.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
compose build >"$work/build.log" 2>&1 || { tail -n 60 "$work/build.log" >&2; exit 1; }
say 'images are built'

compose up -d >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
deadline=$((SECONDS + 180))
for service in control ingest sessionizer scorer enforcer; do
  id=$(compose ps -q "$service")
  until [ "$(docker inspect --format '{{.State.Health.Status}}' "$id")" = healthy ]; do
    [ "$SECONDS" -lt "$deadline" ] || { echo "compose-smoke: $service is not healthy" >&2; exit 1; }
    sleep 1
  done
done
say 'all services are ready'

export PRECEDE_URL PRECEDE_TOKEN
PRECEDE_URL=$(address CONTROL)
PRECEDE_TOKEN=$(value PRECEDE_CONTROL_ADMIN_TOKEN)
precede() { npm run --silent precede -- "$@"; }

# Sixty clients that log in, fill the cart and check out, ten seconds apart, in the last half hour.
node -e '
  const steps = [["GET", "/login"], ["POST", "/cart"], ["POST", "/checkout"]];
  const start = Date.now() - 30 * 60_000;
  for (let step = 0; step < steps.length; step++)
    for (let client = 0; client < 60; client++) {
      const [method, path] = steps[step];
      const time = start + step * 10_000 + client;
      console.log(JSON.stringify({ time, method, host: "shop.example.com", path, status: 200, session: `client-${client}` }));
    }' >"$work/shop.ndjson"
precede import "$work/shop.ndjson" --format ndjson --zone shop --session field --learn-operations --wait
precede sequences --zone shop --kind precedence --min-support 10 --limit 50 --json >"$work/shop.json"
# The way over all three steps is not listed beside its halves: it tells nothing that they do not.
node -e '
  const { deepStrictEqual } = require("node:assert");
  const sequences = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  const found = sequences.map((s) => [s.operations.map((o) => `${o.method} ${o.host}${o.endpoint}`).join(" > "), s.score, s.support, s.last_support]);
  deepStrictEqual(found.sort(), [
    ["GET shop.example.com/login > POST shop.example.com/cart", 1, 60, 60],
    ["POST shop.example.com/cart > POST shop.example.com/checkout", 1, 60, 60],
  ]);' "$work/shop.json"
say 'the scores are as they must be'

precede rules add 'POST shop.example.com/cart' 'POST shop.example.com/checkout' --title 'cart first' --zone shop
decide() { precede decide https://shop.example.com/checkout --method POST --session newcomer --zone shop; }
status=0
for _ in $(seq 60); do # The rule reaches the enforcer through the log.
  status=0
  decide >"$work/decision" 2>&1 || status=$?
  [ "$status" -ne 5 ] || break
  sleep 0.5
done
[ "$status" -eq 5 ] || { cat "$work/decision" >&2; echo 'compose-smoke: a checkout without a cart is not denied' >&2; exit 1; }
say 'a checkout without a cart is denied'

precede import data/apache_logs.gz --format combined --zone real --host www.semicomplete.com --learn-operations --shift-to-now --wait
[ "$(precede sequences --zone real --json | node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).length')" -gt 0 ]
say 'a real log has scores'

up='0'
for _ in $(seq 60); do
  up=$(curl -fsS -G "$(address PROMETHEUS)/api/v1/query" --data-urlencode 'query=sum(up{job="precede"})' |
    node -p 'JSON.parse(require("node:fs").readFileSync(0, "utf8")).data.result[0]?.value[1] ?? "0"') || up=0
  [ "$up" != 5 ] || break
  sleep 1
done
[ "$up" = 5 ] || { echo "compose-smoke: Prometheus sees $up of 5 services" >&2; exit 1; }
say 'Prometheus sees all five'
