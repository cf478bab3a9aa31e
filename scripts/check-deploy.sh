#!/usr/bin/env bash
# Check the images, the compose file and the chart with their own tools, where those are installed; say what is not.
# `make deploy-tools` installs them. IMAGES=all, or names of targets, also follows the steps of the Dockerfile (scripts/try-images.sh).
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

manifests() {
    helm template localclip $CHART --kube-version $KUBERNETES --set secret=localclip \
        --set image.registry=registry.example.com/team "$@"
}
keda=(--api-versions keda.sh/v1alpha1)

refused() { # VALUES WORDS...: they are refused, and the words say why
    local values=$1 said
    shift
    if said=$(manifests --set "$values" 2>&1 >/dev/null); then
        echo "$CHART takes $values, which cannot work" >&2
        return 1
    fi
    grep -qF -- "$*" <<<"$said" || {
        printf '%s refuses %s without saying "%s":\n%s\n' "$CHART" "$values" "$*" "$said" >&2
        return 1
    }
}

if on_path helm "$CHART"; then
    helm lint --quiet --strict --kube-version $KUBERNETES --set secret=localclip,image.registry=registry.example.com/team $CHART
    everything=$work/manifests.yaml
    manifests >"$everything"
    manifests "${keda[@]}" --set autoscaling.enabled=true,backup.enabled=true >>"$everything"
    for values in $CHART/ci/*.yaml; do manifests "${keda[@]}" --values "$values" >>"$everything"; done
    refused secret= 'set `secret`'
    refused image.registry= set image.registry
    refused autoscaling.enabled=true needs KEDA
    refused nats.streamReplicas=3 the chart runs one
    refused nats.service.type=LoadBalancer nats.tls.secretName
    refused objects.inCluster=false objects.endpoint is needed
    refused ingress.enabled=true ingress.host is needed
    refused stages.cloner.gpu.enabled=true set models.enabled
    refused stages.cloner.minReplicas=0 no worker at all
    refused models.enabled=true,models.accessMode=ReadWriteOnce models.oneNode
    if on_path kubeconform "the manifests of $CHART"; then
        if compgen -G "$SCHEMAS/*.json" >/dev/null; then
            kubeconform -strict -schema-location "$SCHEMAS/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$everything"
        else
            skipped+=("the manifests of $CHART (no schemas in $SCHEMAS)")
        fi
    fi
fi

if [ -z "${IMAGES:-}" ]; then
    echo "SKIPPED: the steps of deploy/Dockerfile (IMAGES=all scripts/check-deploy.sh follows them: root, 5 GB, half an hour)"
elif [ "$IMAGES" = all ]; then
    scripts/try-images.sh
else
    read -ra targets <<<"$IMAGES"
    scripts/try-images.sh "${targets[@]}"
fi

for what in "${skipped[@]}"; do echo "SKIPPED: $what"; done
if [ ${#skipped[@]} -gt 0 ]; then echo "make deploy-tools brings what is missing"; fi
echo "deployment: what could be checked is fine"
