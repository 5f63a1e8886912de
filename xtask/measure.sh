#!/usr/bin/env bash
# What the first build and a repeated check cost: measured in a fresh clone, with
# all crates downloaded. Prints CPU seconds (user and system together).
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet "$top" "$clone/course"
cd "$clone/course"
cargo fetch --quiet --locked
TIMEFORMAT='%U %S %R'

# seconds CPU|WALL COMMAND...: what it took.
seconds() {
    local kind=$1
    shift
    { time "$@" >/dev/null 2>&1; } 2>&1 |
        awk -v kind="$kind" '{ printf "%.1f s\n", kind == "CPU" ? $1 + $2 : $3 }'
}

printf 'first lesson, cargo run --bin 02-fork: CPU  %s\n' "$(seconds CPU cargo run --bin 02-fork)"
rm -rf target
printf 'cold build of xtask:                   CPU  %s\n' "$(seconds CPU cargo build --package xtask)"
printf 'first cargo xtask check-all:           wall %s\n' "$(seconds WALL cargo xtask check-all)"
for _ in 1 2 3; do
    printf 'again, nothing changed:                wall %s\n' "$(seconds WALL cargo xtask check-all)"
done
build='import json, sys; print("%.1f s" % json.load(sys.stdin)["build_seconds"])'
printf '  of it cargo inside check-all:        wall %s\n' \
    "$(cargo xtask check-all --json 2>/dev/null | python3 -c "$build")"
printf '  of it cargo outside:                 wall %s\n' "$(seconds WALL cargo xtask --help)"
