#!/usr/bin/env bash
# Run all tests: Python's on every core, a file at a time, then the web app's, whatever became of the first.
# With arguments only pytest runs, with these: scripts/test.sh [-k name ...]
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH"
# The tests start some hundred services; each would compile our sources again.
unset PYTHONDONTWRITEBYTECODE

[ $# -eq 0 ] || exec .venv/bin/pytest "$@"

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
trap 'exit 130' INT
cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
color=no
[ -t 1 ] && color=yes
failed=0
.venv/bin/pytest -n "$cores" --maxprocesses 8 --dist loadfile --no-loadscope-reorder -rfEs --color "$color" | tee "$reports/pytest" || failed=1
scripts/frontend.sh test | tee "$reports/frontend" || failed=1
echo
grep -E '^(frontend|browser|SKIPPED): ' "$reports/frontend"
tail -1 "$reports/pytest" # how many passed, in pytest's words
exit $failed
