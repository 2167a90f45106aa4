#!/usr/bin/env bash
# What the jobs of a release hand on: the zips, their manifest, and `videoflow`, by which a smoke test follows its video.
#
#   .github/scripts/bundle.sh pack      target/bundle.tar out of what was built
#   .github/scripts/bundle.sh unpack    back into the same places
#
# An archive, because an artifact of GitHub forgets that a program may be run.
set -euo pipefail
cd "$(dirname "$0")/../../target"

case ${1:-} in
pack) tar --create --file bundle.tar --sort name lambda/*/bootstrap.zip lambda/manifest.json debug/videoflow ;;
unpack) tar --extract --file bundle.tar --no-same-owner ;;
*) sed -n '2,/^set/ s/^# \{0,1\}//p' "../.github/scripts/$(basename "$0")" && exit 64 ;;
esac
