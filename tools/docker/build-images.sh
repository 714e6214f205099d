#!/usr/bin/env bash
# Builds the images, with the release, commit and time of this checkout in their labels:  build-images.sh [SERVICE…]
# Without names: the five services and cli; `precede`, all in one with the embedded engines, is built when named.
# Tags: precede/SERVICE:VERSION. Needs a Docker daemon; the older builder is enough where BuildKit is missing.
set -euo pipefail

cd "$(dirname "$0")/../.."
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
commit=${PRECEDE_COMMIT:-$(git rev-parse HEAD)}
# That of the commit and not of the build: the same commit gives the same labels.
created=$(TZ=UTC git show --no-patch --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ "$commit")
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

[ $# -gt 0 ] || set -- ingest sessionizer scorer enforcer control cli
for service; do
  docker build --quiet --file deploy/docker/Dockerfile --build-arg "SERVICE=$service" --build-arg "VERSION=$version" \
    --build-arg "COMMIT=$commit" --build-arg "CREATED=$created" --tag "precede/$service:$version" . >/dev/null
  echo "precede/$service:$version"
done
