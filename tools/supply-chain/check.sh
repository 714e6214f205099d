#!/usr/bin/env bash
# Everything about what others have written and we ship: lock file, licences, bills of materials, advisories.
# Fails where one of them fails, and where the advisories could not be asked for. PRECEDE_AUDIT_UNREACHABLE=accept lets
# the last pass, for machines without the registry's audit endpoint; it is said at the end, and never for a release.
set -euo pipefail
cd "$(dirname "$0")/../.."
PATH=$PWD/node_modules/.bin:$PATH

node tools/complete-lock.ts --check
node tools/supply-chain/lock.ts
node tools/supply-chain/licences.ts --check
node tools/supply-chain/sbom.ts .work/sbom
status=0
node tools/supply-chain/audit.ts || status=$?
if [ "$status" -eq 3 ] && [ "${PRECEDE_AUDIT_UNREACHABLE:-}" = accept ]; then
  echo 'supply chain: NOT AUDITED, as PRECEDE_AUDIT_UNREACHABLE=accept allows; everything else holds' >&2
  exit 0
fi
exit "$status"
