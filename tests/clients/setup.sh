#!/usr/bin/env bash
# Installs what the tests drive the local platform with, pinned, into .cache: AWS's own clients (boto3 and the AWS CLI; 38 MB,
# some 15 s), Schemathesis, for the HTTP API (93 MB), and Playwright with axe's rules, for console and report (193 MB). A second
# run finds its work done. What Schemathesis or Playwright would test is skipped where they cannot be had.
set -euo pipefail
cd "$(dirname "$0")/../.."

local/venv.sh clients tests/clients/requirements.txt
local/venv.sh schemathesis tests/api/requirements.txt || echo "clients: the tests of the HTTP API by Schemathesis are skipped" >&2
local/venv.sh browser tests/browser/requirements.txt || echo "clients: console and report are not looked at" >&2
