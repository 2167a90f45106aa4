#!/bin/sh
# Times the engine side by side with its peer: `make bench`. Needs the workloads beside this repository, node and npm.
set -eu
cd "$(dirname "$0")/../../.."
folder=../shared/asl-bench
peer=aws-local-stepfunctions@3.0.0
modules=.cache/bench/node_modules

if ! command -v npm >/dev/null || ! command -v node >/dev/null || [ ! -f "$folder/peer.cjs" ]; then
    echo "skipped: the benchmarks need npm, node and the workloads in $folder"
    exit 0
fi
[ -d "$modules/${peer%@*}" ] || npm install --silent --no-audit --no-fund --prefix .cache/bench "$peer" >&2
cargo build --locked --release --package videoflow
python3 local/asl/bench/side_by_side.py target/release/videoflow "$folder" "$modules"
