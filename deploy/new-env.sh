#!/usr/bin/env bash
# Draw the secrets docker-compose.yml and the chart ask for: deploy/new-env.sh [FILE]
# FILE is .env beside docker-compose.yml unless another is named. One that is there keeps every line: only what it lacks
# is added, so run it again after each upgrade. `-` prints all of them instead.
# S3 keys of a service of your own replace the two drawn here.
set -euo pipefail
file=${1:-$(cd "$(dirname "$0")/.." && pwd)/.env}

draw() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

secrets() {
    local user
    echo "COMPOSE_PROFILES=cpu"
    for user in GATEWAY PROGRESS DIARIZER TRANSLATOR CLONER EXPORTER AUTOMATION OPERATOR; do
        echo "NATS_${user}_PASSWORD=$(draw)" # a user of the broker for each service, and two for programs of your own
    done
    echo "POSTGRES_PASSWORD=$(draw)"
    echo "S3_ACCESS_KEY=localclip"
    echo "S3_SECRET_KEY=$(draw)"
    echo "LOCALCLIP_API_KEYS=team:$(draw)"
}

if [ "$file" = - ]; then
    secrets
    exit
fi
if [ ! -s "$file" ]; then
    umask 077
    { echo "# Written by deploy/new-env.sh. Keep it out of version control and out of backups that others can read." &&
        secrets; } >"$file"
    echo "made $file" >&2
    exit
fi
missing=$(secrets | while IFS= read -r line; do
    grep -q "^[[:space:]]*\(export[[:space:]]\+\)\?${line%%=*}=" "$file" || echo "$line"
done)
if [ -n "$missing" ]; then
    # a last line without an end would become one with the first of these
    [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
    printf '%s\n' "$missing" >>"$file"
    echo "added to $file: $(printf '%s\n' "$missing" | cut -d= -f1 | paste -sd ' ')" >&2
else
    echo "$file has everything; nothing was changed" >&2
fi
