#!/usr/bin/env bash
# Install the command-line tools that are missing, and nothing else; says nothing when all are there.
#   scripts/install-tools.sh              what LocalClip runs on
#   scripts/install-tools.sh --for-tests  what only its tests need
#   scripts/install-tools.sh --for-deploy what checks images, compose file and chart
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PATH:/usr/sbin:/usr/local/sbin:$HOME/go/bin"

COMPOSE_VERSION=v5.6.0 HELM_VERSION=v3.22.0 KUBECONFORM_VERSION=v0.7.0
SCHEMA_PACKAGES=(cloudcoil.models.kubernetes==1.32.1.3 cloudcoil.models.keda==2.16.1.0)
MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
NATS_VERSION=2.10.29
NATS_SHA256_amd64=e314da74a83a1d3876db8814c27eb990fe729640fd6452025b441bcede8390da
NATS_SHA256_arm64=da4b27942ecfb4c5f0c54553d2e7f470ddda9d7581cfe8131b351a0e223ed401

# What is missing, beside it what is lost without it. Nothing but nats-server and ffmpeg is needed by everything.
packages=() losses=() checks=()
need() { # package (or several that will do: a|b), what is lost without, command that succeeds when it is there
    local package=$1 loss=$2
    shift 2
    "$@" >/dev/null 2>&1 || { packages+=("$package") && losses+=("$loss") && checks+=("$(printf "%q " "$@")"); }
}
on_path() { PATH="$PWD/.tools/bin:$PATH" command -v "$1"; }
apertium_mode() { grep -qxE " *($1)" <(apertium -l); } # not a pipe: grep -q would end it early, which pipefail takes for a failure
postgres() { on_path pg_ctl || compgen -G "/usr/lib/postgresql/*/bin/pg_ctl"; }
venv_module() { [ -x .tools/uv/bin/uv ] || on_path uv || "${PYTHON:-python3}" -c "import ensurepip, venv"; }
browser() { on_path chromium || on_path google-chrome; }

missing=0
tell_losses() { # of what is still not there
    local number
    [ ${#packages[@]} -eq 0 ] && return
    for number in "${!packages[@]}"; do
        [ "${losses[number]}" = - ] || eval "${checks[number]}" >/dev/null 2>&1 || without "${packages[number]%%|*}" "${losses[number]}"
    done
}
without() { echo "without $1: $2" >&2; }

# Sets `manager` and `as_root`, and returns 1 with a sentence where nothing can be installed by it.
find_manager() {
    as_root=()
    if command -v apt-get >/dev/null; then
        manager=apt
        [ "$(id -u)" -eq 0 ] && return
        command -v sudo >/dev/null || {
            echo "this takes root (no sudo here): apt-get install ${packages[*]%%|*}" >&2
            return 1
        }
        as_root=(sudo)
    elif command -v brew >/dev/null; then
        manager=brew
    else
        echo "missing: ${packages[*]%%|*}; this system has neither apt nor brew" >&2
        echo "\`.venv/bin/localclip doctor\` (after \`make .venv/.installed\`) lists the commands" >&2
        return 1
    fi
}

is_known() { # package: whether the manager has it
    case $manager in
        apt) [ -n "$(apt-cache madison "$1" 2>/dev/null)" ] ;;
        brew) brew info --formula "$1" >/dev/null 2>&1 ;;
    esac
}

choose() { # a|b: the first that the manager has
    local name
    for name in ${1//|/ }; do
        is_known "$name" && echo "$name" && return
    done
    return 1
}

install_now() { # package ...
    case $manager in
        apt) "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" ;;
        brew) brew install --quiet "$@" ;;
    esac
}

# Everything that is missing and to be had, at once; one by one if that fails, so that one broken package costs only itself.
install_packages() {
    [ ${#packages[@]} -eq 0 ] && return
    local manager as_root number chosen names=() log
    find_manager || return 0
    log=$(mktemp)
    [ "$manager" = brew ] || "${as_root[@]}" apt-get update -qq >"$log" 2>&1 || true # one unreachable source is no reason to stop
    for number in "${!packages[@]}"; do
        if chosen=$(choose "${packages[number]}"); then names+=("$chosen"); fi
    done
    if [ ${#names[@]} -gt 0 ]; then
        echo "installing ${names[*]} ..."
        install_now "${names[@]}" >>"$log" 2>&1 || for chosen in "${names[@]}"; do
            install_now "$chosen" >>"$log" 2>&1 || { echo "$chosen could not be installed:" && tail -3 "$log"; } >&2
        done
    fi
    rm -f "$log"
}

# Where the system has no package of it: the pinned release, by its digest, or the same version built by Go.
install_nats() {
    on_path nats-server >/dev/null && return
    mkdir -p .tools/bin
    if fetch_nats || build_nats; then
        echo "nats-server $NATS_VERSION is in .tools/bin"
    else
        without nats-server "nothing runs: it carries all messages. https://nats.io/download has it for every system"
        missing=1
    fi
}

fetch_nats() {
    local arch digest folder name status=0
    case $(uname -sm) in
        "Linux x86_64") arch=amd64 digest=$NATS_SHA256_amd64 ;;
        "Linux aarch64") arch=arm64 digest=$NATS_SHA256_arm64 ;;
        *) return 1 ;;
    esac
    name=nats-server-v$NATS_VERSION-linux-$arch
    folder=$(mktemp -d)
    echo "fetching nats-server $NATS_VERSION (6 MB), which has no package here ..."
    {
        download "https://github.com/nats-io/nats-server/releases/download/v$NATS_VERSION/$name.tar.gz" "$folder/$name.tar.gz" &&
            echo "$digest  $folder/$name.tar.gz" | sha256sum --check --quiet &&
            tar -xzf "$folder/$name.tar.gz" -C "$folder" && install -m 755 "$folder/$name/nats-server" .tools/bin/nats-server
    } 2>"$folder/log" || {
        status=1
        tail -1 "$folder/log" >&2
    }
    rm -rf "$folder"
    return $status
}

download() { # URL, file
    python3 - "$@" <<'END'
import shutil, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=30) as answer, open(sys.argv[2], "wb") as file:
    shutil.copyfileobj(answer, file)
END
}

build_nats() {
    local go
    go=$(find_go) || go=$(
        packages=('golang-1.24-go|golang-1.23-go|golang-go')
        install_packages >&2
        find_go
    ) || return 1
    echo "building nats-server $NATS_VERSION with Go (some minutes, once) ..."
    GOBIN="$PWD/.tools/bin" GOFLAGS=-trimpath "$go" install "github.com/nats-io/nats-server/v2@v$NATS_VERSION" 2>.tools/build.log || {
        tail -3 .tools/build.log >&2
        return 1
    }
}

find_go() { # Ubuntu's later versions are not on PATH
    command -v go || compgen -G '/usr/lib/go-1.2[3-9]/bin/go' | tail -1 | grep .
}

install_minio() {
    [ -x .tools/bin/minio ] && return
    if ! command -v go >/dev/null; then
        echo "Go is not installed: tests against MinIO are skipped" >&2
        return
    fi
    echo "building MinIO (some minutes, once) ..."
    mkdir -p .tools/bin
    GOBIN="$PWD/.tools/bin" GOFLAGS=-trimpath go install "github.com/minio/minio@$MINIO_VERSION" 2>.tools/minio.log || {
        tail -5 .tools/minio.log >&2
        echo "MinIO could not be built: tests against it are skipped" >&2
    }
}

# A main package of another module, built in a module of our own: some refuse `go install` for directives in their go.mod.
build_go() { # name, package, version
    [ -x ".tools/bin/$1" ] && return
    echo "building $1 $3 (some minutes, once) ..."
    local folder bin=$PWD/.tools/bin/$1
    folder=$(mktemp -d)
    (
        cd "$folder"
        go mod init tools
        go get "$2@$3"
        go build -trimpath -o "$bin" "$2"
    ) >.tools/build.log 2>&1 || {
        tail -5 .tools/build.log >&2
        echo "$1 could not be built: make check goes without" >&2
    }
    rm -rf "$folder"
}

install_deploy_tools() {
    mkdir -p .tools/bin
    if command -v go >/dev/null; then
        build_go docker-compose github.com/docker/compose/v5/cmd $COMPOSE_VERSION
        build_go helm helm.sh/helm/v3/cmd/helm $HELM_VERSION
        build_go kubeconform github.com/yannh/kubeconform/cmd/kubeconform $KUBECONFORM_VERSION
    else
        echo "Go is not installed: docker compose, helm and kubeconform are taken from PATH, if they are there" >&2
    fi
    compgen -G ".tools/kube-schemas/*.json" >/dev/null && return
    local with=()
    for package in "${SCHEMA_PACKAGES[@]}"; do with+=(--with "$package"); done
    scripts/uv.sh run -q --no-project --python .venv/bin/python "${with[@]}" scripts/kube_schemas.py .tools/kube-schemas
}

if [ "${1:-}" = "--for-deploy" ]; then
    install_deploy_tools
elif [ "${1:-}" = "--for-tests" ]; then
    need postgresql "its tests are skipped" postgres
    need chromium "the browser's tests are skipped (Ubuntu has it as a snap only; Google Chrome will do)" browser
    need rclone "the tests of backups are skipped" on_path rclone
    need fonts-noto-cjk "tests of burned-in Chinese, Japanese and Korean are skipped" compgen -G "/usr/share/fonts/*/noto/NotoSansCJK*"
    install_packages
    install_minio
    tell_losses
else
    need nats-server - on_path nats-server
    need ffmpeg "nothing runs: it reads and writes every video" on_path ffmpeg
    need espeak-ng "no embedded voices but English ones" on_path espeak-ng
    need flite "English is spoken by eSpeak NG, and \`make demo\` wants a VIDEO: flite speaks its sample" on_path flite
    need "apertium-eng-spa|apertium-en-es" "no translation between English and Spanish by Apertium" apertium_mode "eng-spa|en-es"
    need apertium-eng-cat "no translation between English and French by Apertium" apertium_mode eng-cat
    need apertium-fra-cat "no translation between English and French by Apertium" apertium_mode cat-fra
    need python3-venv "uv cannot be fetched, which makes the Python environment" venv_module
    install_packages
    install_nats
    tell_losses
    on_path ffmpeg >/dev/null || missing=1
    exit $missing
fi
