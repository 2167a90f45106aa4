#!/usr/bin/env bash
# Installs AWS's own clients (boto3 and the AWS CLI, pinned in requirements.txt) into .cache/clients, for the tests that
# drive the local platform with them: 38 MB, some 15 s. A second run finds its work done.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.cache/clients
if ! cmp --silent tests/clients/requirements.txt "$venv/requirements.txt"; then
  echo "clients: installing boto3 and the AWS CLI into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --timeout 30 --requirement tests/clients/requirements.txt
  # Only now is it whole.
  cp tests/clients/requirements.txt "$venv/requirements.txt"
fi
