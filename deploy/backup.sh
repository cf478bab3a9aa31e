#!/usr/bin/env bash
# Save the task database and all objects into a folder: deploy/backup.sh FOLDER
# Run again on the same folder, it brings only what is new. Services may go on working meanwhile. The queue is not
# saved: what is under way is handed out again from the database.
# Reads DATABASE_URL and S3_* as the gateway does; needs pg_dump, no older than the server, and rclone.
set -euo pipefail
. "$(dirname "$0")/store.sh"
folder=${1:?say where to: deploy/backup.sh FOLDER}

mkdir -p "$folder"
# The database first: every object it speaks of was stored before its row was.
pg_dump --format=custom --no-owner --file="$folder/database.new" "$(database)"
mv "$folder/database.new" "$folder/database.dump"
rclone sync "store:$bucket" "$folder/objects" --fast-list --transfers 8
echo "saved in $folder: $(find "$folder/objects" -type f | wc -l) objects"
