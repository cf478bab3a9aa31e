#!/usr/bin/env bash
# Run the pinned uv, which is fetched once into .tools/uv: scripts/uv.sh pip compile ...
# Any Python 3 that can make environments will do for that, also one that LocalClip itself does not run on.
set -euo pipefail
UV_VERSION=0.13.9
tools=$(cd "$(dirname "$0")/.." && pwd)/.tools
uv=$tools/uv/bin/uv

is_pinned() { [ "$("$1" --version 2>/dev/null | cut -d ' ' -f 2)" = "$UV_VERSION" ]; }

fetch() {
    local python
    for python in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null || continue
        "$python" -m venv --clear "$tools/uv" >/dev/null 2>&1 || continue
        "$tools/uv/bin/python" -m pip install -q --disable-pip-version-check "uv==$UV_VERSION" && return
    done
    return 1
}

if ! is_pinned "$uv" && ! fetch; then
    uv=$(command -v uv) || {
        echo "uv $UV_VERSION could not be fetched: that takes python3 with its venv module (Debian, Ubuntu: sudo apt-get install" >&2
        echo "python3-venv; macOS: brew install uv; Fedora: sudo dnf install uv) and a package index that answers." >&2
        exit 1
    }
fi
exec "$uv" "$@"
