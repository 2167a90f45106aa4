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

if ! cmp --silent "$scripts/requirements.txt" "$venv/requirements.txt"; then
  command -v python3 >/dev/null || fail "python3 is not installed: install Python 3.10 or newer"
  echo "release: installing boto3 into .cache/release" >&2
  rm -rf "$venv"
  mkdir -p "$(dirname "$venv")"
  python3 -m venv "$venv" || fail "python3 cannot make a virtual environment: install python3-venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --timeout 30 --requirement "$scripts/requirements.txt" || fail "pip cannot install $scripts/requirements.txt (see above)"
  # Only now is it whole.
  cp "$scripts/requirements.txt" "$venv/requirements.txt"
fi
[ "$program" = install ] || exec "$venv/bin/python" -B "$scripts/$program.py" "$@"
