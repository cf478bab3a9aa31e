#!/usr/bin/env bash
# Make a Python environment from a lock file, or bring it up to date: scripts/make-venv.sh [.venv [requirements.lock]]
# It takes a Python of this machine, or the one that PYTHON names; where none fits, uv fetches one for its own use (30 MB).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${1:-.venv}
lock=${2:-requirements.lock}
below=14 # 3.11 to 3.13, as in pyproject.toml
[ "$lock" = requirements-neural.lock ] && below=12
fetched=3.11 # as in the images
uv=scripts/uv.sh

suits() { "$1" -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, $below))" 2>/dev/null; }

no_python() {
    cat >&2 <<END
No Python fits: LocalClip runs on Python 3.11 to 3.$((below - 1)), and uv could not fetch one (from releases.astral.sh or
github.com, or the mirror that UV_PYTHON_INSTALL_MIRROR names). Install one and run this again, or name it: make PYTHON=/path/to/python3
  Debian 12 and 13, Ubuntu 24.04: sudo apt-get install python3      Fedora: sudo dnf install python3.12
  Ubuntu 22.04, 26.04: no fitting package; pyenv builds one         macOS: brew install python@3.12
END
    exit 1
}

if [ -x "$venv/bin/python" ] && suits "$venv/bin/python"; then
    echo "bringing the Python environment in $venv up to date ..."
else
    [ -z "${PYTHON:-}" ] || suits "$PYTHON" || {
        echo "$PYTHON does not run LocalClip: Python 3.11 to 3.$((below - 1)) does" >&2
        exit 1
    }
    "$uv" --version >/dev/null # fetches it, or says why not
    if [ -n "${PYTHON:-}" ]; then
        python=$PYTHON
    elif ! python=$("$uv" python find --system --no-project --no-python-downloads ">=3.11,<3.$below" 2>/dev/null); then
        echo "no Python 3.11 to 3.$((below - 1)) is installed: fetching $fetched ..."
        "$uv" python install -q --no-bin $fetched || no_python
        python=$("$uv" python find --managed-python --no-project $fetched)
    fi
    echo "making the Python environment in $venv with $("$python" --version) (some minutes, once) ..."
    "$uv" venv -q --seed --clear --python "$python" "$venv"
fi

case $venv in /*) ;; *) venv=$PWD/$venv ;; esac
export VIRTUAL_ENV=$venv
"$uv" pip install -q --compile-bytecode -r "$lock" # every file is checked against its hash; not `sync`: engines added by hand stay
"$uv" pip install -q --compile-bytecode --no-deps -e . -e clients/python
