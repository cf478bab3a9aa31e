#!/usr/bin/env bash
# Bring back what deploy/backup.sh saved, in place of everything that is there: deploy/restore.sh FOLDER
# FOLDER is a set, or a folder of sets, of which the newest is taken. It is read and compared before anything is changed.
# Stop everything that writes first, and give the broker an empty folder: messages of another time are of no use.
# Refuses while a gateway uses the database, and while the broker answers at LOCALCLIP_BROKER (host:port), where set:
# workers on any machine write as long as they have one.
# Reads DATABASE_URL and S3_* as the gateway does; needs psql and pg_restore, no older than the server, and rclone.
set -euo pipefail
. "$(dirname "$0")/store.sh"
folder=${1:?say where from: deploy/restore.sh FOLDER}

# Tables of a newer version would stand in the way of its migrations.
EMPTY='DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '"'public'"' LOOP
    EXECUTE format('"'DROP TABLE public.%I CASCADE'"', name);
  END LOOP;
END $$;'

refuse_writers() {
    local others
    for _ in 1 2 3 4 5 6; do # a closed connection takes a moment to go; autovacuum, which has no user, writes nothing of ours
        others=$(psql --no-psqlrc --tuples-only --no-align "$(database)" -c \
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL")
        [ "$others" != 0 ] || break
        sleep 0.5
    done
    [ "$others" = 0 ] || fail "$others others use the database: stop every gateway first"
    if [ -n "${LOCALCLIP_BROKER:-}" ] &&
        timeout 5 bash -c "exec 3<>/dev/tcp/${LOCALCLIP_BROKER%:*}/${LOCALCLIP_BROKER##*:}" 2>/dev/null; then
        fail "the broker at $LOCALCLIP_BROKER runs: stop it, and every worker, also those with a GPU or on other machines"
    fi
}

statements() { # the old tables go and the saved ones come in one transaction: all of it or nothing
    echo "$EMPTY"
    pg_restore --no-owner --no-privileges --file=- "$set/$DUMP" || echo "SELECT the_dump_cannot_be_read;"
}

set=$folder
if [ -d "$folder" ] && [ ! -f "$folder/$DUMP" ]; then
    set=$(newest_set "$folder")
    [ -n "$set" ] || fail "$folder holds no backup"
fi
refuse_writers
echo "checking $set" >&2
check_set "$set"
refuse_writers
trap '[ $? = 0 ] || echo "it broke off; the database is as it was, or wholly restored: run it again" >&2' EXIT

limited rclone mkdir "store:$bucket"
limited rclone copy "$set/objects" "store:$bucket"
statements | limited psql --no-psqlrc --quiet --single-transaction --set ON_ERROR_STOP=1 --output=/dev/null "$(database)"
limited rclone sync "$set/objects" "store:$bucket" # what the restored tasks do not know is removed last
echo "restored from $set; start the services now"
