#!/usr/bin/env bash
# Make a Python environment from a lock file, or bring it up to date: scripts/make-venv.sh [.venv [requirements.lock]]
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
lock=${2:-requirements.lock}
UV_VERSION=0.13.9

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; }

python=
for candidate in ${PYTHON:-python3 python3.12 python3.11}; do
    if suits "$candidate"; then
        python=$candidate
        break
    fi
done

if [ ! -x "$venv/bin/python" ] || ! suits "$venv/bin/python"; then
    if [ -z "$python" ]; then
        echo "Python 3.11 or 3.12 is needed, and not found as ${PYTHON:-python3, python3.12 or python3.11}." >&2
        echo "Install it (Debian, Ubuntu: sudo apt-get install python3.12 python3.12-venv; macOS: brew install python@3.12;" >&2
        echo "Fedora: sudo dnf install python3.12), or name one: make PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    echo "making the Python environment in $venv (some minutes, once) ..."
    "$python" -m venv --clear "$venv"
else
    echo "bringing the Python environment in $venv up to date ..."
fi
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$venv/bin/python" -m ensurepip >/dev/null
"$venv/bin/python" -m pip install -q --disable-pip-version-check "uv==$UV_VERSION"
export VIRTUAL_ENV="$PWD/$venv"
case $venv in /*) export VIRTUAL_ENV=$venv ;; esac
"$venv/bin/uv" pip install -q --compile-bytecode -r "$lock" # every file is checked against its hash; not `sync`, which removes uv
"$venv/bin/uv" pip install -q --compile-bytecode --no-deps -e .
