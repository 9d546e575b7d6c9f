#!/usr/bin/env bash
# CPU seconds of coldtrail beside the tools that a responder would otherwise pick. See README.md in this folder.
set -euo pipefail

bytes=200M seed=1 runs=3 log=
usage() {
    echo "usage: bench/speed.sh [--bytes 200M] [--seed 1] [--runs 3] [--log FILE]" >&2
    exit 2
}
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
        --bytes) bytes=$2 ;;
        --seed) seed=$2 ;;
        --runs) runs=$2 ;;
        --log) log=$(realpath "$2") ;;
        *) usage ;;
    esac
    shift 2
done
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cargo build --release --quiet -p coldtrail -p coldtrail-testlog
bin=${CARGO_TARGET_DIR:-target}/release
if [ -z "$log" ]; then
    "$bin/coldtrail-testlog" web --out "$scratch/log" --bytes "$bytes" --seed "$seed"
    log=$scratch/log/access.log
fi

# Every command is run by `sh -c` with $log and $out set.
names=() commands=() skipped=()
tool() {
    local name=$1 needs=$2 command=$3
    if command -v "$needs" >/dev/null; then
        names+=("$name")
        commands+=("$command")
    else
        skipped+=("$needs")
    fi
}
pattern='union.{1,20}select|\.\./|etc/passwd|<script|%27'
tool 'coldtrail scan' "$bin/coldtrail" "$bin/coldtrail scan \"\$log\" -o \"\$out\" --quiet"
tool 'coldtrail scan --hash none' "$bin/coldtrail" "$bin/coldtrail scan \"\$log\" -o \"\$out\" --hash none --quiet"
tool 'wc -l' wc 'wc -l "$log"'
tool 'rg -c' rg "rg -c -i '$pattern' \"\$log\""
tool 'grep -cE' grep "LC_ALL=C grep -ciE '$pattern' \"\$log\""
tool 'goaccess' goaccess 'goaccess "$log" --log-format=COMBINED --no-global-config -o "$out/report.json"'
tool 'duckdb' duckdb "duckdb -c \"select regexp_extract(line, '^(\\S+) ', 1) client, count(*) n, sum(cast(nullif(regexp_extract(line, '\\\" [0-9]{3} ([0-9]*)', 1), '') as bigint)) from read_csv('\$log', columns={'line':'VARCHAR'}, delim=chr(1), quote='', escape='', header=false, auto_detect=false) group by 1 order by n desc limit 20\""

# Seconds of user and system CPU and of wall time of one run: bash's own account of the children.
measure() {
    local TIMEFORMAT='%U %S %R'
    export log out
    out=$(mktemp -d "$scratch/out.XXXX")
    { time sh -c "$1" >"$scratch/stdout" 2>"$scratch/stderr" || echo "failed: $1: $(tail -n 1 "$scratch/stderr")" >&3; } 3>&2 2>"$scratch/time"
    awk '{ print $1 + $2, $3 }' "$scratch/time"
    rm -rf "$out"
}

cat "$log" >/dev/null
for ((run = 0; run < runs; run++)); do
    for i in "${!names[@]}"; do
        measure "${commands[i]}" >>"$scratch/result.$i"
    done
done

median() {
    sort -n "$1" | awk '{ cpu[NR] = $1 } END { print (cpu[int((NR + 1) / 2)] + cpu[int(NR / 2) + 1]) / 2 }'
}
base=$(median "$scratch/result.0")
printf '%s, %s bytes, %s lines, %s runs\n' "${log##*/}" "$(wc -c <"$log")" "$(wc -l <"$log")" "$runs"
awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo 2>/dev/null || true
"$bin/coldtrail" --version 2>/dev/null || true
printf '\n%-28s %10s %10s %14s\n' tool 'CPU s' 'wall s' 'CPU, ratio'
for i in "${!names[@]}"; do
    cpu=$(median "$scratch/result.$i")
    wall=$(awk 'NR == 1 || $2 < low { low = $2 } END { print low }' "$scratch/result.$i")
    awk -v name="${names[i]}" -v cpu="$cpu" -v wall="$wall" -v base="$base" \
        'BEGIN { printf "%-28s %10.2f %10.2f %14s\n", name, cpu, wall, (base > 0 ? sprintf("%.2f", cpu / base) : "-") }'
done
[ ${#skipped[@]} -eq 0 ] || printf '\nnot installed: %s\n' "${skipped[*]}"
