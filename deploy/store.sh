# Read by backup.sh and restore.sh: the database and the object store, from the settings of the gateway, and what a
# backup is: a folder named after its time with database.dump, objects/ and checksums of both.

database() { # as PostgreSQL's own tools want it
    local url=${DATABASE_URL:?}
    case $url in
        postgresql*) printf '%s' "${url/+psycopg/}" ;;
        *)
            echo "DATABASE_URL is not PostgreSQL's: use \`localclip backup\`" >&2
            exit 1
            ;;
    esac
}

SET_NAME='[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z'
DUMP=database.dump SUMS=checksums.sha256

fail() {
    echo "$*" >&2
    exit 1
}

limited() { # no command may hang for ever: a store that answers nothing, a connection that is gone
    timeout --kill-after=10 "${LOCALCLIP_BACKUP_LIMIT_S:-21600}" "$@"
}

newest_set() { # of a folder of backups; nothing when there is none
    find "$1" -mindepth 1 -maxdepth 1 -type d -name "$SET_NAME" | sort | tail -n 1
}

check_set() { # reads every byte of a backup back
    [ -f "$1/$DUMP" ] && [ -d "$1/objects" ] || fail "$1 holds no backup"
    limited pg_restore --file=/dev/null "$1/$DUMP" || fail "$1/$DUMP cannot be read"
    if [ ! -f "$1/$SUMS" ]; then
        echo "$1 was made by an older version: its objects have no checksums to compare with" >&2
    elif ! (cd "$1" && limited sha256sum --check --quiet --strict $SUMS); then
        fail "$1 is damaged"
    fi
}

database >/dev/null
export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-15}

case ${S3_SECURE:-false} in 1 | [Tt]rue | [Yy]es | [Oo]n) scheme=https ;; *) scheme=http ;; esac
bucket=${S3_BUCKET:-localclip}
export RCLONE_CONFIG=/dev/null
export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other
export RCLONE_CONFIG_STORE_ENDPOINT="$scheme://${S3_ENDPOINT:?}"
export RCLONE_CONFIG_STORE_ACCESS_KEY_ID=${S3_ACCESS_KEY:?} RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=${S3_SECRET_KEY:?}
export RCLONE_CONFIG_STORE_REGION=${S3_REGION:-}
# An object is the same when size and time are; the time is the store's, which costs no question for each object.
export RCLONE_USE_SERVER_MODTIME=true RCLONE_FAST_LIST=true RCLONE_TRANSFERS=8
export RCLONE_CONTIMEOUT=15s RCLONE_TIMEOUT=${LOCALCLIP_BACKUP_SILENCE_S:-60}s RCLONE_RETRIES=2 RCLONE_LOW_LEVEL_RETRIES=3
