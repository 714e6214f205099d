#!/usr/bin/env bash
# Compiles the peer: build.sh DIR → DIR/classes, DIR/lib. Needs Java 17 and Maven; a second call does nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?build.sh DIR}
mkdir -p "$out"
stamp=$(cat "$here/pom.xml" "$here"/src/main/java/precede/peer/*.java | sha256sum)
[ "$(cat "$out/.done" 2>/dev/null)" = "$stamp" ] && exit 0
rm -rf "$out/classes" "$out/lib"
mvn -B -q -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$out/lib" -DincludeScope=runtime
javac --release 17 -Xlint:all -Werror -cp "$out/lib/*" -d "$out/classes" "$here"/src/main/java/precede/peer/*.java
echo "$stamp" >"$out/.done"
