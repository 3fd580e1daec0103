#!/bin/sh
# Runs each fuzz target for the given seconds (30). Prints "not run" where the toolchain is missing.
# libFuzzer is C++; the sanitizers that need Rust's nightly are left out: what is fuzzed is safe Rust.
set -eu
cd "$(dirname "$0")/fuzz"
seconds="${1:-30}"
cache="${KUBEFENCE_CACHE:-$HOME/.cache/kubefence}"
for program in cargo c++; do
  command -v "$program" >/dev/null || { echo "fuzz: not run: $program is missing (apt-get install g++, or rustup)"; exit 0; }
done

target="$(rustc --version --verbose | sed -n 's/^host: //p')"
export CARGO_TARGET_DIR="$cache/cargo-target-fuzz"
coverage="-Cpasses=sancov-module"
for option in level=4 inline-8bit-counters pc-table trace-compares; do
  coverage="$coverage -Cllvm-args=-sanitizer-coverage-$option"
done
RUSTFLAGS="--cfg fuzzing $coverage" cargo build --locked --quiet --release --target "$target" --bins

for source in fuzz_targets/*.rs; do
  program=$(basename "$source" .rs)
  # What a run learns stays in the cache; what is worth keeping goes to seeds/ by hand.
  corpus="$cache/fuzz/$program"
  mkdir -p "$corpus"
  seeds=""
  [ -d "seeds/$program" ] && seeds="seeds/$program"
  max_len=4096
  case "$program" in
    manifest) seeds="$seeds ../../profiles/generated" ;;
    oci_configuration | process_file) seeds="$seeds ../runtime/tests/recorded" max_len=16384 ;;
  esac
  log="$cache/fuzz/$program.log"
  # $seeds is a list of directories without spaces.
  # shellcheck disable=SC2086
  if ! "$CARGO_TARGET_DIR/$target/release/$program" "$corpus" $seeds -max_total_time="$seconds" -max_len="$max_len" \
    -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 -artifact_prefix="$cache/fuzz/$program-" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "fuzz: $program failed; the input is at $cache/fuzz/$program-*" >&2
    exit 1
  fi
  echo "fuzz: $program, ${seconds}s, $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
done
