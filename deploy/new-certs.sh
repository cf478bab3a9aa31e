#!/usr/bin/env bash
# Make an authority of your own and a certificate of the broker that it signs: deploy/new-certs.sh HOST [FOLDER]
# HOST is the name under which programs outside reach the broker; ca.crt of FOLDER (./certs) is what they have to trust.
# The authority's key is not kept: run it again for another host or in ten years, and hand ca.crt out again.
set -euo pipefail
host=${1:?name the host under which the broker is reached} folder=${2:-certs}
if [ -e "$folder/broker.key" ]; then
    echo "$folder/broker.key is there already; remove $folder to make new certificates" >&2
    exit 1
fi
case $host in *[!0-9.]*) kind=DNS ;; *) kind=IP ;; esac
umask 077
mkdir -p "$folder"
cd "$folder"
authority=$(mktemp)
trap 'rm -f "$authority" broker.csr names' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -keyout "$authority" -out ca.crt -days 3650 \
    -subj "/CN=LocalClip broker authority" -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -keyout broker.key -out broker.csr \
    -subj "/CN=LocalClip broker" 2>/dev/null
echo "subjectAltName=$kind:$host,DNS:nats,DNS:localhost,IP:127.0.0.1" >names
openssl x509 -req -in broker.csr -CA ca.crt -CAkey "$authority" -days 3650 -extfile names -out broker.crt 2>/dev/null
chmod 755 .
chmod 644 ca.crt broker.crt
echo "made $folder/ca.crt, broker.crt and broker.key for $host"
