#!/usr/bin/env bash
# Makes a virtual environment in .cache/NAME with exactly what REQUIREMENTS pins; a second run finds its work done.
#
#   local/venv.sh NAME REQUIREMENTS
set -euo pipefail
requirements=$(realpath "$2")
cd "$(dirname "$0")/.."
venv=.cache/$1

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

if cmp --silent "$requirements" "$venv/requirements.txt"; then exit; fi
command -v python3 >/dev/null || fail "python3 is not installed: install Python 3.10 or newer"
echo "$1: installing what $2 names into $venv" >&2
rm -rf "$venv"
python3 -m venv "$venv" || fail "python3 cannot make a virtual environment: install python3-venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --timeout 30 --requirement "$requirements" || fail "pip cannot install $2 (see above)"
# Only now is it whole.
cp "$requirements" "$venv/requirements.txt"
