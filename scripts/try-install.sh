#!/usr/bin/env bash
# Do on bare systems what a newcomer does: git clone, make demo, a few tests.
#   scripts/try-install.sh [RELEASE ...]     of: bookworm trixie jammy noble resolute (all five, one after the other)
#   ARGS="tests/e2e" scripts/try-install.sh trixie    other tests than the few
# Each is a fresh debootstrap in TRY_FOLDER (/tmp/localclip-try, 3 GB each), entered with chroot: it takes root, debootstrap and some
# minutes. What is committed is tried. Prints a row of the table in docs/operations.md; logs stay in TRY_FOLDER.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=${TRY_FOLDER:-/tmp/localclip-try}
args=${ARGS:-tests/localclip/test_doctor.py tests/services/diarizer/engines/test_engines.py tests/services/translator/engines}
declare -A NAMES=([bookworm]="Debian 12" [trixie]="Debian 13" [jammy]="Ubuntu 22.04" [noble]="Ubuntu 24.04" [resolute]="Ubuntu 26.04")
declare -A KEYS=([Debian]=/usr/share/keyrings/debian-archive-keyring.gpg [Ubuntu]=/usr/share/keyrings/ubuntu-archive-keyring.gpg)
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt # ours go in, for networks with an authority of their own

make_system() { # release, root: only what debootstrap's smallest variant has, and what fetched the clone
    local script=$1 key=${KEYS[${NAMES[$1]%% *}]} check=()
    [ -e "/usr/share/debootstrap/scripts/$1" ] || case ${NAMES[$1]} in Ubuntu*) script=gutsy ;; *) script=sid ;; esac
    if [ -e "$key" ]; then check=(--keyring "$key"); else check=(--no-check-gpg); fi
    local mirror=${MIRROR:-} # else the one debootstrap knows
    debootstrap --variant=minbase --include=ca-certificates,make,git "${check[@]}" "$1" "$2" "$mirror" \
        "/usr/share/debootstrap/scripts/$script" || return 1
    case ${NAMES[$1]} in # universe is on in every installed Ubuntu, and updates are everywhere
        Ubuntu*) sed -i -E "s/ main$/ main universe/; p; s/^deb (\S+) $1 /deb \1 $1-updates /" "$2/etc/apt/sources.list" ;;
        *) sed -i -E "p; s/^deb (\S+) $1 /deb \1 $1-updates /" "$2/etc/apt/sources.list" ;;
    esac
}

inside() { # root, command: with the environment of a fresh login, and this machine's certificates
    local root=$1
    shift
    chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        SSL_CERT_FILE=$CERTIFICATES PIP_CERT=$CERTIFICATES CURL_CA_BUNDLE=$CERTIFICATES GIT_PAGER= \
        ${UV_PYTHON_DOWNLOADS_JSON_URL:+"UV_PYTHON_DOWNLOADS_JSON_URL=$UV_PYTHON_DOWNLOADS_JSON_URL"} \
        /bin/bash -c "$*"
}

release_system() { # root: nothing of it stays mounted, whatever happened
    umount -R -l "$1/dev" 2>/dev/null
    umount -l "$1/proc" 2>/dev/null
    return 0
}

enter() { # root
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && mount --make-rslave "$1/dev" || return 1
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    cat $CERTIFICATES >"$1$CERTIFICATES"
}

try_release() { # release
    local root=$folder/$1 log=$folder/$1.log demo=failed tests=failed
    mkdir -p "$folder"
    if [ ! -e "$root/.made" ]; then
        release_system "$root"
        rm -rf --one-file-system "$root"
        make_system "$1" "$root" >"$log" 2>&1 && touch "$root/.made" || {
            echo "| ${NAMES[$1]} | could not be made: $(tail -1 "$log") | | | |"
            return 1
        }
    fi
    enter "$root" || return 1
    rm -rf "$root/root/localclip"
    git clone -q --no-hardlinks . "$root/root/localclip"
    local before=$SECONDS
    if inside "$root" "cd /root/localclip && make demo" >"$log" 2>&1 </dev/null; then demo=passed; fi
    local demo_s=$((SECONDS - before))
    if inside "$root" "cd /root/localclip && make test ARGS='$args'" >>"$log" 2>&1 </dev/null; then tests=passed; fi
    local python counted lost
    python=$(inside "$root" "/root/localclip/.venv/bin/python --version" 2>/dev/null)
    counted=$(grep -aE '^[0-9]+ (passed|failed)|[0-9]+ passed' "$log" | tail -1 | sed -E 's/ in [0-9].*//; s/=+ ?//g')
    lost=$(grep -a '^without ' "$log" | sed -E 's/^without ([^:]*):.*/\1/' | sort -u | paste -sd, | sed 's/,/, /g')
    release_system "$root"
    echo "| ${NAMES[$1]} | ${python#Python } | $demo, $((demo_s / 60)) min | $tests${counted:+: $counted} | ${lost:-nothing} |"
    [ $demo = passed ] && [ $tests = passed ]
}

[ "$(id -u)" -eq 0 ] || { echo "scripts/try-install.sh needs root: it makes systems and enters them" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is not installed: apt-get install debootstrap" >&2; exit 1; }
[ $# -gt 0 ] || set -- bookworm trixie jammy noble resolute
for release in "$@"; do
    [ -n "${NAMES[$release]:-}" ] || { echo "$release is none of: ${!NAMES[*]}" >&2; exit 2; }
done
trap 'for release in "$@"; do release_system "$folder/$release"; done' EXIT
failed=0
echo "| system ($(date +%F), $(uname -m)) | Python | make demo | make test | without |"
echo "|---|---|---|---|---|"
for release in "$@"; do try_release "$release" || failed=1; done
exit $failed
