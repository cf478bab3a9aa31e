#!/usr/bin/env bash
# Print the secrets docker-compose.yml and the chart ask for, freshly drawn: deploy/new-env.sh > .env
# Only those of the broker, for a file of an older version: deploy/new-env.sh broker >> .env
# S3 keys of a service of your own replace the two drawn here.
set -euo pipefail

draw() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

broker() {
    local user
    for user in GATEWAY PROGRESS DIARIZER TRANSLATOR CLONER EXPORTER AUTOMATION; do
        echo "NATS_${user}_PASSWORD=$(draw)"
    done
}

if [ "${1:-}" = broker ]; then
    echo "# A user of the broker for each service, and one for programs of your own that read events."
    broker
    exit
fi

cat <<SECRETS
# Written by deploy/new-env.sh. Keep it out of version control and out of backups that others can read.
COMPOSE_PROFILES=cpu
$(broker)
POSTGRES_PASSWORD=$(draw)
S3_ACCESS_KEY=localclip
S3_SECRET_KEY=$(draw)
LOCALCLIP_API_KEYS=team:$(draw)
SECRETS
