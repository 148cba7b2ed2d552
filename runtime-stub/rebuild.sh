#!/bin/sh
# Builds the runtime stub and writes runtime-stub/prebuilt/stub.wasm, which the compiler embeds.
#
#   runtime-stub/rebuild.sh            build and write
#   runtime-stub/rebuild.sh --check    build and fail when the committed file differs
#
# The bytes depend on the sources, Cargo.lock and the toolchain only: paths are remapped, debug information is stripped.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
committed=$root/runtime-stub/prebuilt/stub.wasm
target=wasm32-unknown-unknown
cd "$root"

sysroot=$(rustc --print sysroot)
if [ ! -d "$sysroot/lib/rustlib/$target/lib" ]; then
    rustup target add "$target" >&2
fi
cargo_home=${CARGO_HOME:-$HOME/.cargo}

# Baseline Wasm for old hosts: what they all have, and nothing else. The stack lies below everything, so that an overflow traps
# instead of overwriting data.
flags="-C link-arg=-zstack-size=16384 -C link-arg=--stack-first -C link-arg=--strip-all -C link-arg=--keep-section=name -C link-arg=--demangle"
flags="$flags -C link-arg=--no-entry -C link-arg=--export-memory"
flags="$flags -C target-feature=+bulk-memory,+sign-ext,+nontrapping-fptoint,+multivalue,+mutable-globals,-reference-types"
flags="$flags --remap-path-prefix=$root=/portcullis --remap-path-prefix=$cargo_home=/cargo --remap-path-prefix=$sysroot=/rust"

RUSTFLAGS=$flags CARGO_INCREMENTAL=0
unset CARGO_ENCODED_RUSTFLAGS
export RUSTFLAGS CARGO_INCREMENTAL
cargo rustc --quiet --locked -p portcullis-runtime --lib --crate-type cdylib --profile stub --target "$target"
built=${CARGO_TARGET_DIR:-$root/target}/$target/stub/portcullis_runtime.wasm

if [ "${1:-}" = --check ]; then
    if cmp -s "$built" "$committed"; then
        echo "prebuilt/stub.wasm is what the sources give"
    else
        echo "prebuilt/stub.wasm differs from what the sources give: run runtime-stub/rebuild.sh and commit the file" >&2
        exit 1
    fi
else
    mkdir -p "$(dirname -- "$committed")"
    install -m 644 "$built" "$committed.new"
    mv "$committed.new" "$committed"
    echo "$committed: $(wc -c <"$committed") bytes"
fi
