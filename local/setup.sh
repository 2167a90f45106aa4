#!/usr/bin/env bash
# Installs what VideoFlow needs on Debian or Ubuntu and is not there yet: a C compiler, ffmpeg, python3-venv (by apt), and
# the models of the local platform (by pip, pinned and checked, into .cache/models).
#
#   local/setup.sh           everything
#   local/setup.sh compiler  only what building needs
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

need_rust() {
  command -v cargo >/dev/null || fail "cargo is missing: install Rust with rustup, then run this again."
  local want have
  want=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  have=$(rustc --version | cut -d' ' -f2)
  [ "$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n1)" = "$want" ] ||
    fail "rustc $have is older than $want: run 'rustup update stable', then run this again."
}

# install PACKAGE...
install() {
  command -v apt-get >/dev/null || fail "missing: $*. Install them with your package manager, then run this again."
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing: $*. Run 'apt-get install $*' as root, then run this again."
    as_root=(sudo)
  fi
  say "installing $* with apt-get"
  local log
  log=$(mktemp)
  # An outdated package list is only a warning: the install decides.
  "${as_root[@]}" apt-get update -qq >"$log" 2>&1 || say "apt-get update failed; trying with the package lists at hand"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 ||
    fail "apt-get could not install: $*. The last of what it said: $(tail -n 1 "$log")"
  rm -f "$log"
}

need_packages() {
  local missing=()
  # Compiling and linking a program also proves that the C library's headers are there.
  printf '#include <stdio.h>\nint main(void) { return 0; }\n' | cc -x c -o /dev/null - 2>/dev/null || missing+=(gcc libc6-dev)
  if [ "${1:-}" != compiler ]; then
    command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null || missing+=(ffmpeg)
  fi
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
}

need_models() {
  local venv=.cache/venv
  [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || fail "python3 could not make a virtual environment in $venv."
  "$venv/bin/python" local/models/fetch.py || fail "the models could not be fetched (see the line above)."
}

need_rust
need_packages "${1:-}"
[ "${1:-}" = compiler ] || need_models
