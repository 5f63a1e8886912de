#!/usr/bin/env bash
# What a reader waits for: first builds and repeated checks, measured in a fresh clone with
# all crates downloaded. CPU is user and system time together. The machine should be idle.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
clone=$(mktemp -d)
trap 'rm -rf "$clone"' EXIT
git clone --quiet "$top" "$clone/course"
cd "$clone/course"
unset CARGO_TARGET_DIR
cargo fetch --quiet --locked
TIMEFORMAT='%U %S %R'

# measure WHAT COMMAND...: a row with its CPU time, its wall time, and the crates from
# elsewhere that Cargo compiled for it.
measure() {
    local what=$1 times log=$clone/log
    shift
    times=$({ time "$@" >"$log" 2>&1; } 2>&1) || { cat "$log"; exit 1; }
    awk -v what="$what" -v top="$clone" -v times="$times" '
        $1 == "Compiling" && !index($0, top) { crates++ }
        END {
            split(times, t, " ")
            printf "%-52s %6.1f s %6.1f s %4d\n", what, t[1] + t[2], t[3], crates
        }' "$log"
}

printf '%-52s %8s %8s %4s\n' '' CPU wall crates
measure 'cargo run --bin 02-fork, nothing built' cargo run --bin 02-fork
rm -rf target
measure 'cargo xtask --help, nothing built' cargo xtask --help
measure '  then cargo xtask list' cargo xtask list
rm -rf target
cargo xtask --help >/dev/null 2>&1
measure '  or cargo xtask trace 02-fork' cargo xtask trace 02-fork
rm -rf target
measure 'cargo xtask check-all, nothing built' cargo xtask check-all
for _ in 1 2 3; do
    measure 'cargo xtask check-all, nothing changed' cargo xtask check-all
done
for _ in 1 2 3; do
    measure 'cargo xtask check-all --again' cargo xtask check-all --again
done
for _ in 1 2 3; do
    measure 'cargo xtask check 02-fork, nothing changed' cargo xtask check 02-fork
done
