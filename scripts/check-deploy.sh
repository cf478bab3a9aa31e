#!/usr/bin/env bash
# Check the images, the compose file and the chart with their own tools, where those are installed; say what is not.
# `make deploy-tools` installs them.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.tools/bin:$PWD/.venv/bin:$PATH"
CHART=deploy/helm/localclip KUBERNETES=1.31.0 SCHEMAS=.tools/kube-schemas
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skipped=()
on_path() { command -v "$1" >/dev/null || { skipped+=("$2 ($1 is not installed)") && return 1; }; }

if on_path hadolint "deploy/Dockerfile"; then hadolint deploy/Dockerfile; fi

compose=()
if command -v docker-compose >/dev/null; then
    compose=(docker-compose)
elif docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
else
    skipped+=("docker-compose.yml (docker compose is not installed)")
fi
if [ ${#compose[@]} -gt 0 ]; then
    deploy/new-env.sh - >"$work/env"
    "${compose[@]}" --env-file "$work/env" --profile '*' config --quiet
fi

manifests() { helm template localclip $CHART --kube-version $KUBERNETES --set secret=localclip "$@"; }
if on_path helm "$CHART"; then
    helm lint --quiet --strict --kube-version $KUBERNETES --set secret=localclip $CHART
    everything=$work/manifests.yaml
    manifests >"$everything"
    for values in $CHART/ci/*.yaml; do manifests --values "$values" >>"$everything"; done
    if on_path kubeconform "the manifests of $CHART"; then
        if [ -d $SCHEMAS ]; then
            kubeconform -strict -schema-location "$SCHEMAS/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$everything"
        else
            skipped+=("the manifests of $CHART (no schemas in $SCHEMAS)")
        fi
    fi
fi

for what in "${skipped[@]}"; do echo "SKIPPED: $what"; done
if [ ${#skipped[@]} -gt 0 ]; then echo "make deploy-tools brings what is missing"; fi
echo "deployment: what could be checked is fine"
