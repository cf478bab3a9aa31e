# Read by backup.sh and restore.sh: the database and the object store, from the settings of the gateway.

database() { # as PostgreSQL's own tools want it
    local url=${DATABASE_URL:?}
    case $url in
        postgresql*) printf '%s' "${url/+psycopg/}" ;;
        *)
            echo "DATABASE_URL is not PostgreSQL's: stop LocalClip and copy its data folder instead" >&2
            exit 1
            ;;
    esac
}
database >/dev/null

case ${S3_SECURE:-false} in 1 | [Tt]rue | [Yy]es | [Oo]n) scheme=https ;; *) scheme=http ;; esac
bucket=${S3_BUCKET:-localclip}
export RCLONE_CONFIG=/dev/null
export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other
export RCLONE_CONFIG_STORE_ENDPOINT="$scheme://${S3_ENDPOINT:?}"
export RCLONE_CONFIG_STORE_ACCESS_KEY_ID=${S3_ACCESS_KEY:?} RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=${S3_SECRET_KEY:?}
export RCLONE_CONFIG_STORE_REGION=${S3_REGION:-}
