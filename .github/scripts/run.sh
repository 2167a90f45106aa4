#!/usr/bin/env bash
# Runs one of the release's programs (smoke, release, rollback) with what it needs: boto3 and a validator of JSON Schemas,
# pinned in requirements.txt and installed into .cache/release (25 MB, once).
#
#   .github/scripts/run.sh smoke local         the sample's way through a `videoflow up` beside it
#   .github/scripts/run.sh release staging     from the new version's smoke test to all of the traffic
#   .github/scripts/run.sh rollback prod       the version before serves again
#   .github/scripts/run.sh install             nothing but what they need
#
# Each has --help. In a workflow's step, `exec` it: signals reach a step's first process only.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
venv=$scripts/../../.cache/release

fail() {
  printf '%s\n' "$*" >&2
  exit 2
}

program=${1:-}
case $program in
smoke | release | rollback | install) shift ;;
-h | --help) sed -n '2,/^set/ s/^# \{0,1\}//p' "$0" && exit ;;
*) fail "run.sh: smoke, release, rollback or install; --help says more" ;;
esac

"$scripts/../../local/venv.sh" release "$scripts/requirements.txt" || exit 2
[ "$program" = install ] || exec "$venv/bin/python" -B "$scripts/$program.py" "$@"
