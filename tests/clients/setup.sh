#!/usr/bin/env bash
# Installs AWS's own clients (boto3 and the AWS CLI, pinned in requirements.txt) into .cache/clients, for the tests that
# drive the local platform with them: 38 MB, some 15 s. A second run finds its work done.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.cache/clients
if ! cmp --silent tests/clients/requirements.txt "$venv/requirements.txt"; then
  echo "clients: installing boto3 and the AWS CLI into $venv" >&2
  # A test of an older state of the repository may be using the folder: it is made anew beside it.
  new=$(mktemp -d .cache/clients-XXXXXX)
  trap 'rm -rf "$new"' EXIT
  python3 -m venv "$new"
  "$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --timeout 30 --requirement tests/clients/requirements.txt
  cp tests/clients/requirements.txt "$new/requirements.txt"
  rm -rf "$venv"
  mv "$new" "$venv"
fi
