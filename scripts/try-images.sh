#!/usr/bin/env bash
# Make images by the steps of deploy/Dockerfile without Docker, and start what they say, as their user on a read-only root.
#   scripts/try-images.sh [TARGET ...]     gateway progress diarizer translator cloner exporter models, unless some are named
# Each layer is a folder in TRY_FOLDER (/tmp/localclip-images, 5 GB) on a debootstrap of Debian 12, entered with chroot in a mount
# namespace of its own. It takes root, debootstrap, nats-server and some minutes. What is committed is tried. Prints a row for
# the table in docs/operations.md for each target; logs stay in TRY_FOLDER.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PATH:/usr/sbin"
[ "$(id -u)" -eq 0 ] || { echo "scripts/try-images.sh needs root: it makes systems and enters them" >&2; exit 1; }
for tool in debootstrap nats-server unshare nsenter; do
    command -v $tool >/dev/null || { echo "scripts/try-images.sh needs $tool, which is not installed" >&2; exit 1; }
done
[ $# -gt 0 ] || set -- gateway progress diarizer translator cloner exporter models
exec python3 scripts/try_images.py "${TRY_FOLDER:-/tmp/localclip-images}" "$@"
