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

packages=()
need() { # package, command that succeeds when it is there
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || packages+=("$package")
}
on_path() { command -v "$1"; }
apertium_mode() { grep -qx " *$1" <(apertium -l); } # not a pipe: grep -q would end it early, which pipefail takes for a failure
postgres() { on_path pg_ctl || compgen -G "/usr/lib/postgresql/*/bin/pg_ctl"; }
venv_module() { [ -x .venv/bin/python ] || "${PYTHON:-python3}" -c "import ensurepip, venv"; }

install_packages() {
    [ ${#packages[@]} -eq 0 ] && return
    if ! command -v apt-get >/dev/null; then
        echo "missing: ${packages[*]}" >&2
        echo "this system has no apt; \`.venv/bin/localclip doctor\` (after \`make .venv/.installed\`) lists the commands" >&2
        return
    fi
    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            echo "as root: apt-get install ${packages[*]}" >&2
            exit 1
        }
        sudo=(sudo)
    fi
    echo "installing ${packages[*]} ..."
    local log
    log=$(mktemp)
    "${sudo[@]}" apt-get update -qq >"$log" 2>&1 || true # an unreachable source elsewhere on the list is no reason to stop
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}" >>"$log" 2>&1 || {
        tail -20 "$log" >&2
        exit 1
    }
    rm -f "$log"
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
    [ -d .tools/kube-schemas ] && return
    local with=()
    for package in "${SCHEMA_PACKAGES[@]}"; do with+=(--with "$package"); done
    scripts/uv.sh run -q --no-project --python .venv/bin/python "${with[@]}" scripts/kube_schemas.py .tools/kube-schemas
}

if [ "${1:-}" = "--for-deploy" ]; then
    install_deploy_tools
elif [ "${1:-}" = "--for-tests" ]; then
    need postgresql postgres
    need chromium on_path chromium
    need rclone on_path rclone
    need fonts-noto-cjk compgen -G "/usr/share/fonts/*/noto/NotoSansCJK*"
    install_packages
    install_minio
else
    need nats-server on_path nats-server
    need ffmpeg on_path ffmpeg
    need espeak-ng on_path espeak-ng
    need flite on_path flite
    need apertium-eng-spa apertium_mode eng-spa
    need apertium-eng-cat apertium_mode eng-cat
    need apertium-fra-cat apertium_mode cat-fra
    need python3-venv venv_module
    install_packages
fi
