#!/usr/bin/env bash
# Save the task database and all objects as one set: deploy/backup.sh FOLDER
# Each run makes a folder named after its time inside FOLDER, whole or not at all; objects that did not change since the
# last one are hard links to it, so a set costs only what is new. Services may go on working meanwhile. The newest
# LOCALCLIP_BACKUP_KEEP sets are kept (7). The queue is not saved: what is under way is handed out again from the database.
#   deploy/backup.sh --check FOLDER     read the newest set of FOLDER, or the set FOLDER, back and compare it
# Reads DATABASE_URL and S3_* as the gateway does; needs pg_dump, no older than the server, rclone and GNU tools.
set -euo pipefail
. "$(dirname "$0")/store.sh"
PASSES=3

say() { echo "$*" >&2; }

save_once() { # dump and objects into $set, and in `listed` what was in the store before the dump
    limited rclone lsf --recursive --files-only "store:$bucket" | LC_ALL=C sort >"$set/listed"
    say "saving the database"
    limited pg_dump --format=custom --no-owner --no-privileges --lock-wait-timeout=120s --file="$set/$DUMP" "$(database)"
    say "saving $(wc -l <"$set/listed") objects"
    limited rclone sync "store:$bucket" "$set/objects" ${last:+--compare-dest "$last/objects"}
}

not_here() { # what was in the store before the dump and is in neither this set nor the last one
    { files_of "$set/objects" && if [ -n "$last" ]; then files_of "$last/objects"; fi; } |
        LC_ALL=C sort -u | LC_ALL=C comm -13 - "$set/listed"
}

files_of() { find "$1" -type f -printf '%P\n'; }

link_unchanged() { # what rclone found in the last set is shared with it
    [ -n "$last" ] || return 0
    files_of "$set/objects" | LC_ALL=C sort | LC_ALL=C comm -13 - "$set/listed" >"$set/wanted"
    files_of "$last/objects" | LC_ALL=C sort | LC_ALL=C comm -12 - "$set/wanted" >"$set/linked"
    (cd "$last/objects" && xargs --no-run-if-empty -d '\n' cp --preserve=timestamps --parents --link -t "$set/objects" <"$set/linked") ||
        # a disk without hard links has whole copies
        (cd "$last/objects" && xargs --no-run-if-empty -d '\n' cp --preserve=timestamps --parents -t "$set/objects" <"$set/linked")
}

write_checksums() { # by reading back what came; of what is shared with the last set they are known
    (cd "$set" && {
        echo "$DUMP"
        find objects -type f -links 1
    } | xargs -d '\n' sha256sum >$SUMS.new)
    if [ -n "$last" ]; then
        (cd "$set" && find objects -type f -links +1) >"$set/wanted"
        awk 'NR == FNR { wanted[$0]; next } substr($0, 67) in wanted' "$set/wanted" "$last/$SUMS" >>"$set/$SUMS.new"
    fi
    mv "$set/$SUMS.new" "$set/$SUMS"
    [ "$(wc -l <"$set/$SUMS")" = $(($(files_of "$set/objects" | wc -l) + 1)) ] || fail "not every object has a checksum"
}

forget_old() {
    find "$folder" -mindepth 1 -maxdepth 1 -type d -name "$SET_NAME" | sort | head -n "-$keep" |
        while IFS= read -r old; do
            mv "$old" "$folder/.old" # never half a set under a name that is taken for a whole one
            rm -rf "$folder/.old"
        done
}

if [ "${1:-}" = --check ]; then
    folder=${2:?say which: deploy/backup.sh --check FOLDER}
    [ -d "$folder" ] || fail "$folder is not there"
    found=$(newest_set "$folder")
    check_set "${found:-$folder}"
    echo "${found:-$folder} is whole"
    exit
fi

folder=${1:?say where to: deploy/backup.sh FOLDER} keep=${LOCALCLIP_BACKUP_KEEP:-7}
case $keep in '' | *[!0-9]* | 0) fail "LOCALCLIP_BACKUP_KEEP must be 1 or more, not '$keep'" ;; esac
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/.lock"
flock --nonblock 9 || fail "another backup into $folder is under way"
trap '[ $? = 0 ] || say "no backup was made; the sets that were there are untouched, and the next run uses what came"' EXIT

set=$folder/.partial last=$(newest_set "$folder")
[ -z "$last" ] || [ -f "$last/$SUMS" ] || last=
rm -rf "$folder/.old"
mkdir -p "$set/objects"
find "$set/objects" -type f -links +1 -delete # left by a run that broke off: never write into what another set has, too
for ((pass = 1; ; pass++)); do
    save_once
    gone=$(not_here | wc -l)
    if [ "$gone" = 0 ]; then break; fi
    if [ $pass = $PASSES ]; then
        say "$gone objects were deleted while they were being saved: their tasks may be listed without files"
        break
    fi
    say "$gone objects were deleted meanwhile: once more, from the database on"
done
link_unchanged
write_checksums
limited pg_restore --file=/dev/null "$set/$DUMP"
rm -f "$set/listed" "$set/wanted" "$set/linked"
sync -f "$set"
now() { date -u +%Y-%m-%dT%H%M%SZ; }
until name=$(now) && [ ! -e "$folder/$name" ]; do sleep 0.2; done
mv --no-target-directory "$set" "$folder/$name"
forget_old
echo "saved $folder/$name: $(files_of "$folder/$name/objects" | wc -l) objects and the database"
