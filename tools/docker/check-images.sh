#!/usr/bin/env bash
# Checks images that build-images.sh has built, as a platform team would before it lets them in:  check-images.sh [SERVICE…]
# Who runs, what is inside and what is not, labels, a read-only root, signals. Needs Docker, jq, and this checkout.
# How services end that have work in hand is a part of compose-smoke.sh.
set -euo pipefail

cd "$(dirname "$0")/../.."
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
commit=${PRECEDE_COMMIT:-$(git rev-parse HEAD)}
containers=()
trap '[ "${#containers[@]}" -eq 0 ] || docker rm --force "${containers[@]}" >/dev/null' EXIT

failed=0
check() { # SENTENCE COMMAND…
  local sentence=$1 said
  shift
  said=$("$@" 2>&1) && { echo "  ok: $sentence"; return; }
  echo "  FAILED: $sentence"
  sed 's/^/    /' <<<"$said"
  failed=$((failed + 1))
}

# Read only, without any right, as the chart runs them.
hardened=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
run() { docker run --rm --network none "${hardened[@]}" "$@"; }
inside() { run --entrypoint sh "$image" -c "$1"; }
start() { containers+=("$(docker run --detach "${hardened[@]}" "$@")"); container=${containers[-1]}; }

room() { case $1 in cli | precede) echo cli ;; *) echo "services/$1" ;; esac; }
inspect() { docker image inspect "$image" | jq --exit-status "$@"; }
nothing() { # COMMAND that must print nothing
  local said
  said=$("$@")
  [ -z "$said" ] || { head -n 20 <<<"$said"; return 1; }
}

is_hardened() { inspect '.[0].Config | .User == "1000:1000" and .Entrypoint[0] == "/usr/bin/tini" and .Healthcheck.Test == ["CMD", "precede-ready"]'; }
has_labels() {
  inspect --arg version "$version" --arg commit "$commit" --arg title "precede/$service" '.[0].Config.Labels
    | .["org.opencontainers.image.title"] == $title and .["org.opencontainers.image.version"] == $version
    and .["org.opencontainers.image.revision"] == $commit and .["org.opencontainers.image.licenses"] == "Apache-2.0"
    and (.["org.opencontainers.image.description"] | length > 20) and (.["org.opencontainers.image.created"] | fromdate > 1700000000)'
}
has_no_secret() { inspect '.[0].Config.Env | all(test("TOKEN|KEY|PASSWORD|SECRET") | not)'; }
tells_commit() { run "$image" --version | grep -F "$version (commit ${commit:0:12})"; }
strangers() {
  inside 'find / -xdev ! -path "/proc/*" \( -name ".env*" -o -name .git -o -name npm -o -name .npmrc \) 2>/dev/null
    find /app ! -path "/app/node_modules/*" \( -name "*.test.ts" -o -name "*.test-*" -o -name "*.fixture.ts" -o -name testing.ts \)'
}
own_files() { inside 'find / -xdev -writable ! -type l ! -path "/proc/*" ! -path "/dev/*" ! -path "/sys/*" ! -path "/tmp*" ! -path "/var/tmp" ! -path "/var/lock" ! -path "/run/lock" ! -path "/var/lib/precede" ! -path "/home/node*" 2>/dev/null'; }
modules() { run --volume "$PWD/tools/docker/unneeded-modules.ts:/check.ts:ro" --entrypoint node "$image" /check.ts "$(room "$service")"; }
without() { local name; for name; do nothing inside "ls -d /app/node_modules/$name 2>/dev/null || true" || return 1; done; }

has_only_its_own() {
  case $service in
    ingest | sessionizer) without ioredis @clickhouse commander zod lmdb chdb @chdb ffi-rs ;;
    scorer) without ioredis commander jose lmdb chdb @chdb ffi-rs ;;
    enforcer) without @clickhouse commander lmdb chdb @chdb ffi-rs ;;
    control) without ioredis commander lmdb chdb @chdb ffi-rs ;;
    cli) without lmdb chdb @chdb ffi-rs ;;
    precede) inside 'ls -d /app/node_modules/lmdb /app/node_modules/chdb /app/node_modules/@chdb/*' ;;
  esac && without typescript testcontainers @testcontainers fast-check @biomejs @precede/testkit 'node-linux-*'
}

# SIGTERM, and what became of it: exit code 0 within 10 s.
ends_in_order() {
  local begin=$SECONDS
  docker stop --time 20 "$container" >/dev/null
  [ "$(docker inspect --format '{{.State.ExitCode}}' "$container")" = 0 ] && [ $((SECONDS - begin)) -lt 10 ] ||
    { echo "exit code $(docker inspect --format '{{.State.ExitCode}}' "$container") after $((SECONDS - begin)) s"; docker logs --tail 20 "$container"; return 1; }
}

until_true() { # SECONDS COMMAND…
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$deadline" ] || return 1; sleep 0.5; done
}
has_spoken() { [ -n "$(docker logs "$container" 2>&1)" ]; }
is_first() { docker exec "$container" cat /proc/1/comm | grep -x tini; }

# A service that finds no Kafka goes on trying: alive, not ready, and it ends when told to.
check_service() {
  start --network none --env PRECEDE_KAFKA_BROKERS=127.0.0.1:1 --env PRECEDE_SCHEMA_REGISTRY_URL=http://127.0.0.1:1 \
    --env PRECEDE_CLICKHOUSE_URL=http://127.0.0.1:1 --env "PRECEDE_SESSION_KEY=$(printf '0%.0s' {1..64})" \
    --env PRECEDE_CONTROL_ADMIN_TOKEN=0123456789abcdef "$image"
  check 'tini is process 1' until_true 10 is_first
  check 'it is not healthy without Kafka' eval '! docker exec "$container" precede-ready'
  check 'it says what it waits for' until_true 20 has_spoken
  check 'SIGTERM ends it within 10 s, with 0' ends_in_order
}

check_all_in_one() {
  start --network none --tmpfs /var/lib/precede:uid=1000,gid=1000 "$image"
  check 'tini is process 1' until_true 10 is_first
  check 'it becomes healthy with a read-only root' until_true 60 docker exec "$container" precede-ready
  check 'it takes in a log' eval 'docker exec -i "$container" precede import - --format combined --zone real --host www.example.com \
    --learn-operations --shift-to-now --wait <data/apache_logs.gz'
  check 'SIGTERM ends it within 10 s, with 0' ends_in_order
}

[ $# -gt 0 ] || set -- ingest sessionizer scorer enforcer control cli precede
for service; do
  image=precede/$service:$version
  echo "$image ($(docker image inspect --format '{{.Size}}' "$image" | numfmt --to=si --suffix=B))"
  check 'user 1000, tini before it, a health check' is_hardened
  check 'labels tell title, description, version, commit, time and licence' has_labels
  check 'no secret in its environment' has_no_secret
  check '--version tells release and commit, with a read-only root and no rights' tells_commit
  check 'no tests, secrets, repository or package manager inside' nothing strangers
  check 'its user can write nowhere but where it should' nothing own_files
  check 'each module is needed and none is missing' modules
  check 'no engine, client or tool that only others use' has_only_its_own
  case $service in
    cli) check 'it explains itself' eval 'run "$image" --help | grep "^Usage: precede"' ;;
    precede) check_all_in_one ;;
    *) check_service ;;
  esac
done
[ "$failed" -eq 0 ] || { echo "check-images: $failed failed" >&2; exit 1; }
echo 'check-images: all hold'
