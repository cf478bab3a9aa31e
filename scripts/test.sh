#!/usr/bin/env bash
# Run all tests: Python's on every core, a file at a time, and the web app's beside them, whatever becomes of the others.
# With arguments only pytest runs, with these: scripts/test.sh [-k name ...]
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
# The tests start some hundred services; each would compile our sources again.
unset PYTHONDONTWRITEBYTECODE

[ $# -eq 0 ] || exec .venv/bin/pytest "$@"

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
color=no
[ -t 1 ] && color=yes
failed=0
set -m # a process group of its own, so that Ctrl-C can be passed on to all of it
scripts/frontend.sh test </dev/null >"$reports/frontend" 2>&1 &
web=$!
set +m
trap 'kill -INT -- "-$web" 2>/dev/null; wait "$web"; exit 130' INT
.venv/bin/pytest -n "$cores" --maxprocesses 8 --dist loadfile --no-loadscope-reorder -rfEs --color "$color" | tee "$reports/pytest" || failed=1
echo "the tests of the web app, which began with the others:"
wait "$web" || failed=1
cat "$reports/frontend"
echo
grep -E '^(frontend|browser|SKIPPED): ' "$reports/frontend"
tail -1 "$reports/pytest" # how many passed, in pytest's words
exit $failed
