#!/usr/bin/env bash
# Builds the images, brings docker-compose.yml up under a name and on ports of its own, and does what the README says:
# traffic through Envoy, scores, a rule, a refused request. Then kills a service while traffic runs, recounts, asks Prometheus
# and Grafana, and ends each service while it has work. A failure prints every service's log.
# Needs: Docker with compose (v2, or docker-compose 1.29), and `npm ci` done. As root it starts a Docker daemon where none
# runs; where no image registry can be reached it makes local stand-ins first (base-images.sh, stand-ins.sh).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
# The Node that Precede runs on, wherever this is called from.
PATH=$root/node_modules/.bin:$PATH

own_daemon=
if ! docker info >/dev/null 2>&1; then
  "$here/dockerd.sh" start
  own_daemon=1
fi

work=$(mktemp -d)
project=precede-smoke-$$
services=(control ingest sessionizer scorer enforcer)
all=(kafka registry clickhouse valkey "${services[@]}" shop shop-setup envoy prometheus grafana)
if docker compose version >/dev/null 2>&1; then tool=(docker compose); else tool=(docker-compose); fi
compose() { "${tool[@]}" --project-name "$project" --env-file "$work/env" "$@"; }

finish() {
  local status=$?
  if [ "$status" -ne 0 ]; then
    echo "compose-smoke: failed, the logs follow" >&2
    compose ps >&2 || true
    for service in "${all[@]}"; do
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
    }, 100);' SHOP CONTROL INGEST ENFORCER ENFORCER_GRPC CLICKHOUSE KAFKA REGISTRY PROMETHEUS GRAFANA
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
PRECEDE_COMMIT=$(git rev-parse HEAD)
PRECEDE_CREATED=$(TZ=UTC git show --no-patch --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
export PRECEDE_COMMIT PRECEDE_CREATED
compose build "${services[@]}" cli >"$work/build.log" 2>&1 || { tail -n 60 "$work/build.log" >&2; exit 1; }
say 'images are built'

health() { docker inspect --format '{{.State.Health.Status}}' "$(compose ps -q "$1")"; }
until_true() { # SECONDS SENTENCE COMMAND…
  local deadline=$((SECONDS + $1)) sentence=$2
  shift 2
  until "$@" >"$work/tried" 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || { cat "$work/tried" >&2; echo "compose-smoke: not so: $sentence" >&2; return 1; }
    sleep 1
  done
  say "$sentence"
}
all_healthy() { for service; do [ "$(health "$service")" = healthy ] || { echo "$service is not healthy"; return 1; }; done; }

compose up -d >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2; exit 1; }
until_true 300 'everything is healthy' all_healthy kafka registry clickhouse valkey "${services[@]}" shop envoy prometheus grafana

# Commands in containers of their own, as people run them; what compose itself says is no part of their answer.
command_in() { compose run --rm -T "$@" 2>"$work/run.log" || { status=$?; cat "$work/run.log" >&2; return "$status"; }; }
cli() { command_in cli "$@"; }
traffic() { command_in traffic "$@"; }
# Asked again and again, so without a container.
counts_match() {
  node cli/src/main.ts sequences --zone shop --kind precedence --limit 50 --json \
    --url "$(address CONTROL)" --token "$(value PRECEDE_CONTROL_ADMIN_TOKEN)" >"$work/sequences.json" &&
    node tools/docker/shop-counts.ts "$work/sequences.json" "$@"
}

traffic 200 --json >"$work/before.json"
say '200 visitors went through Envoy'
until_true 60 'the scores are as they must be' counts_match "$work/before.json"

cli sequences --zone shop | grep -F '120 of 140'

ask() { # METHOD PATH SESSION: the status of the answer
  curl -sS -o "$work/answer" -w '%{http_code}' -X "$1" -H 'host: shop.example.com' -H "cookie: sid=$3" "$(address SHOP)$2"
}
is_answered() { [ "$(ask "$2" "$3" "$4")" = "$1" ] || { cat "$work/answer"; return 1; }; }
cli rules add 'POST shop.example.com/cart' 'POST shop.example.com/checkout' --title 'cart first' --zone shop
until_true 30 'Envoy refuses a checkout without a cart' is_answered 403 POST /checkout newcomer
grep -q '"code":"denied"' "$work/answer"
until_true 10 'a cart is let through' is_answered 201 POST /cart customer
until_true 10 'and so is the checkout after it' is_answered 201 POST /checkout customer
in_valkey() { [ "$(compose exec -T valkey valkey-cli dbsize | tr -dc 0-9)" -gt 200 ]; }
until_true 5 'the sessions are in valkey' in_valkey

# As a crash does it: the process is gone from inside, and the restart policy has to see it.
crash() { compose exec -T "$1" sh -c 'kill -9 $(cat /proc/1/task/1/children)' || true; }
restarts() { docker inspect --format '{{.RestartCount}}' "$(compose ps -q "$1")"; }
decided() { curl -fsS "$(address ENFORCER)/metrics" | awk '/^precede_enforcer_decision_seconds_count/ { sum += $2 } END { print sum + 0 }'; }
visitors_come() { [ "$(decided)" -ge $(($1 + 50)) ]; }
so_far=$(decided)
traffic 300 --json >"$work/during.json" &
during=$!
until_true 60 'visitors come again' visitors_come "$so_far"
crash sessionizer
wait "$during"
[ "$(restarts sessionizer)" -gt 0 ] || { echo 'compose-smoke: the sessionizer was not killed' >&2; exit 1; }
until_true 120 'a killed sessionizer is back and healthy' all_healthy sessionizer
# The customer above is one more who went from cart to checkout, and no further.
jq -c '.["cart and checkout"] = {done: 1, refused: 0, failed: 0}' "$work/during.json" >"$work/during-all.json"
until_true 120 'nothing is lost or doubled' counts_match "$work/before.json" "$work/during-all.json"

cli import - --format combined --zone real --host www.semicomplete.com --learn-operations --shift-to-now --wait <data/apache_logs.gz
[ "$(cli sequences --zone real --json | jq length)" -gt 0 ]
say 'a real log has scores'

prometheus() { curl -fsS -G "$(address PROMETHEUS)/api/v1/$1" "${@:2}"; }
all_up() { prometheus targets | jq -e '.data.activeTargets | length == 7 and all(.health == "up")'; }
until_true 60 'Prometheus sees every target' all_up
rules_work() {
  prometheus rules | jq -e --argjson written "$(grep -c '^ *- *alert:' deploy/helm/precede/files/alerts.yaml || true)" \
    '[.data.groups[].rules[] | select(.type == "alerting")] | length == $written and all(.health == "ok")'
}
until_true 60 'its rules are evaluated without a fault' rules_work
grafana() { curl -fsS --user "admin:$(value GRAFANA_ADMIN_PASSWORD)" "$(address GRAFANA)/api/$1"; }
source_works() { grafana "datasources/uid/$1/health" | jq -e '.status == "OK"'; }
until_true 30 'Grafana reads Prometheus' source_works precede-prometheus
until_true 30 'Grafana reads ClickHouse, as a user who only reads' source_works precede-clickhouse
dashboards=$(find deploy/helm/precede/files/dashboards -name '*.json' | wc -l)
[ "$(grafana 'search?type=dash-db' | jq length)" -eq "$dashboards" ] || { echo 'compose-smoke: Grafana lacks dashboards' >&2; exit 1; }
say "Grafana has all $dashboards dashboards"

# SIGTERM while visitors come: each ends by itself, within 10 s, with 0.
so_far=$(decided)
traffic --forever >/dev/null 2>&1 & # Until all is taken down.
until_true 60 'visitors come once more' visitors_come "$so_far"
for service in ingest sessionizer scorer control enforcer; do
  id=$(compose ps -q "$service")
  begin=$(date +%s%N)
  docker stop --time 20 "$id" >/dev/null
  took=$((($(date +%s%N) - begin) / 1000000))
  code=$(docker inspect --format '{{.State.ExitCode}}' "$id")
  [ "$code" -eq 0 ] && [ "$took" -lt 10000 ] || { echo "compose-smoke: $service ended with $code after $took ms" >&2; exit 1; }
  say "SIGTERM ends $service with 0 in $took ms"
done
