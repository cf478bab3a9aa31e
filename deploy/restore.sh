#!/usr/bin/env bash
# Bring back what deploy/backup.sh saved, in place of everything that is there: deploy/restore.sh FOLDER
# Stop the gateways and workers first, and give the broker an empty folder: messages of another time are of no use.
# Reads DATABASE_URL and S3_* as the gateway does; needs psql and pg_restore, no older than the server, and rclone.
set -euo pipefail
. "$(dirname "$0")/store.sh"
folder=${1:?say where from: deploy/restore.sh FOLDER}
[ -f "$folder/database.dump" ] && [ -d "$folder/objects" ] || {
    echo "$folder holds no backup" >&2
    exit 1
}

others=$(psql --no-psqlrc --tuples-only --no-align "$(database)" -c \
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
if [ "$others" != 0 ]; then
    echo "$others others use the database: stop every gateway first" >&2
    exit 1
fi
rclone sync "$folder/objects" "store:$bucket" --fast-list --transfers 8
# Tables of a newer version would stand in the way of its migrations.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$(database)" <<'SQL'
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DROP TABLE public.%I CASCADE', name);
  END LOOP;
END $$;
SQL
pg_restore --no-owner --single-transaction --exit-on-error --dbname="$(database)" "$folder/database.dump"
echo "restored from $folder; start the services now"
