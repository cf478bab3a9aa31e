#!/usr/bin/env bash
# Print the secrets docker-compose.yml asks for, freshly drawn: deploy/new-env.sh > .env
# S3 keys of a service of your own replace the two drawn here.
set -euo pipefail

draw() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

cat <<SECRETS
# Written by deploy/new-env.sh. Keep it out of version control and out of backups that others can read.
COMPOSE_PROFILES=cpu
NATS_PASSWORD=$(draw)
POSTGRES_PASSWORD=$(draw)
S3_ACCESS_KEY=localclip
S3_SECRET_KEY=$(draw)
LOCALCLIP_API_KEYS=team:$(draw)
SECRETS
