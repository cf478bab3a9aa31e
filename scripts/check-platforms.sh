#!/usr/bin/env bash
# Check that requirements.lock can be installed without a compiler wherever LocalClip is meant to run: a wheel of each package
# for each platform and Python, read from the package index; nothing is downloaded or installed. Some seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
PLATFORMS=(x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin x86_64-pc-windows-msvc)
PYTHONS=(3.11 3.12 3.13)
PURE=(docopt)                        # come as source, which is Python and data
export MACOSX_DEPLOYMENT_TARGET=14.0 # PyAV and onnxruntime have nothing for older ones
lock=${1:-requirements.lock}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
from_source=()
for package in "${PURE[@]}"; do from_source+=(--no-binary "$package"); done

resolves() { # platform, Python
    UV_HTTP_TIMEOUT=20 scripts/uv.sh pip install -q --dry-run --no-config --no-deps --only-binary :all: "${from_source[@]}" \
        --target "$work/packages" --python-platform "$1" --python-version "$2" -r "$lock" 2>"$work/error"
}

failed=0
for platform in "${PLATFORMS[@]}"; do
    for python in "${PYTHONS[@]}"; do
        resolves "$platform" "$python" && continue
        if ! grep -q "No solution found" "$work/error" || grep -q "network was disabled" "$work/error"; then
            echo "SKIPPED: packages for other platforms (the package index does not answer: $(head -1 "$work/error"))"
            exit 0
        fi
        echo "$lock does not install on $platform with Python $python:" >&2
        sed -n '/cause:/p' "$work/error" >&2
        failed=1
    done
done
[ $failed -eq 0 ] || {
    echo "A marker in pyproject.toml leaves a package out where it has no wheel; one of pure Python goes into PURE of $0" >&2
    exit 1
}
echo "platforms: $lock has a file for each of ${#PLATFORMS[@]} platforms and Python ${PYTHONS[*]}"
