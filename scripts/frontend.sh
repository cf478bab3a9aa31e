#!/usr/bin/env bash
# Build, check and test the web app, where Node.js is new enough; says so and does nothing where it is not.
#   scripts/frontend.sh build | check | generate | test | dev
set -euo pipefail
cd "$(dirname "$0")/../frontend"

NODE_WANTED=20.19.0

node_is_there() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        [ "$(printf '%s\n' "$NODE_WANTED" "$(node --version | tr -d v)" | sort -V | head -1)" = "$NODE_WANTED" ]
}

packages() { # what the lock file names, installed once
    local stamp=node_modules/.installed
    [ -e "$stamp" ] && [ "$stamp" -nt package-lock.json ] && return
    echo "installing the packages of the web app ..."
    npm ci --no-audit --no-fund --loglevel=error
    touch "$stamp"
}

build() {
    local log
    log=$(mktemp)
    echo "building the web app ..."
    npm run --silent build >"$log" 2>&1 || {
        cat "$log" >&2
        exit 1
    }
    rm -f "$log"
}

check() {
    npx tsc -b
    npx oxlint --deny-warnings --quiet
    local fresh
    fresh=$(mktemp -d)
    npx openapi-ts --output "$fresh" --silent >/dev/null
    diff -rq "$fresh" src/api/generated >/dev/null || {
        echo "frontend/src/api/generated is out of date: run make generate" >&2
        exit 1
    }
    rm -rf "$fresh"
    echo "web app: types, style and API client are fine"
}

unit_tests() {
    local report status=0
    report=$(mktemp)
    npx vitest run --reporter=default --reporter=json --outputFile.json="$report" || status=$?
    node -p "const r = JSON.parse(require('fs').readFileSync('$report', 'utf8')); \`frontend: \${r.numPassedTests} passed, \${r.numFailedTests} failed\`"
    rm -f "$report"
    return $status
}

find_browser() { # not Ubuntu's chromium-browser: a snap, which sees none of the folders that tests work in
    command -v chromium || command -v google-chrome && return
    local mac="/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    [ -x "$mac" ] && echo "$mac"
}

browser_tests() {
    CHROMIUM=${CHROMIUM:-$(find_browser)} || {
        echo "SKIPPED: browser tests (neither Chromium nor Google Chrome is installed, and no CHROMIUM names one)"
        return
    }
    export CHROMIUM
    [ -e dist/index.html ] || build # `make test` has built what was out of date
    local report status=0
    report=$(mktemp)
    PLAYWRIGHT_JSON_OUTPUT_FILE="$report" npx playwright test --reporter=list,json || status=$?
    node -p "const { expected, unexpected } = JSON.parse(require('fs').readFileSync('$report', 'utf8')).stats; \`browser: \${expected} passed, \${unexpected} failed\`"
    rm -f "$report"
    return $status
}

if ! node_is_there; then
    case "${1:-}" in
        build) echo "Node.js $NODE_WANTED or newer is not installed: the web app is not built; everything else works" ;;
        dev)
            echo "make dev needs Node.js $NODE_WANTED or newer" >&2
            exit 1
            ;;
        *) echo "SKIPPED: $1 of the web app (Node.js $NODE_WANTED or newer is not installed)" ;;
    esac
    exit 0
fi

case "${1:-}" in
    build) packages && build ;;
    check) packages && check ;;
    generate) packages && npx openapi-ts --silent >/dev/null ;;
    test)
        packages
        status=0
        unit_tests || status=1
        browser_tests || status=1
        exit $status
        ;;
    dev)
        packages
        ../.venv/bin/localclip up --data ../data &
        stack=$!
        trap 'kill -TERM $stack 2>/dev/null; wait $stack' EXIT
        npx vite
        ;;
    *)
        sed -n '2,3p' "../scripts/frontend.sh" >&2
        exit 2
        ;;
esac
