#!/usr/bin/env bash
# Installs what the tests drive the local platform with, pinned, into .cache: AWS's own clients (boto3 and the AWS CLI; 38 MB,
# some 15 s), and Schemathesis, for the HTTP API (93 MB). A second run finds its work done. The tests of the HTTP API by
# Schemathesis are skipped where it cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

# install FOLDER REQUIREMENTS WHAT
install() {
  local venv=.cache/$1
  if cmp --silent "$2" "$venv/requirements.txt"; then return; fi
  echo "clients: installing $3 into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --timeout 30 --requirement "$2" || return
  # Only now is it whole.
  cp "$2" "$venv/requirements.txt"
}

install clients tests/clients/requirements.txt "boto3 and the AWS CLI"
install schemathesis tests/api/requirements.txt Schemathesis || echo "clients: Schemathesis cannot be installed" >&2
