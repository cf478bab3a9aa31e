"""What the Helm chart makes of its values, where helm is installed."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from services.cloner.settings import ClonerSettings
from services.exporter.settings import ExporterSettings
from services.gateway.operations import metrics
from services.gateway.operations.metrics import QueueLength
from services.translator.settings import TranslatorSettings
from shared.messaging import Role
from shared.pipeline import Stage
from tests.deploy.composition import ROOT, image, known_settings

CHART = ROOT / "deploy" / "helm" / "localclip"
STAGES = {
    "diarizer": Stage.DIARIZATION,
    "translator": Stage.TRANSLATION,
    "cloner": Stage.CLONING,
    "exporter": Stage.EXPORT,
}
OURS = ("gateway", "progress", *STAGES)
OURSELVES = 10001
NEEDED = ("--set", "secret=keys", "--set", "image.registry=registry.example.com/team")
KEDA = ("--api-versions", "keda.sh/v1alpha1")


def helm(*options: str) -> subprocess.CompletedProcess[str]:
    """The chart as release `team`, for a cluster without KEDA unless `options` name its API."""
    if shutil.which("helm") is None:
        pytest.skip("helm is not installed")
    command = ["helm", "template", "team", str(CHART), "--kube-version", "1.31.0", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rendered(*options: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Every object by kind and part of the stack."""
    said = helm(*NEEDED, *options)
    assert said.returncode == 0, said.stderr
    found = [entry for entry in yaml.safe_load_all(said.stdout) if entry]
    return {(entry["kind"], entry["metadata"]["name"].removeprefix("team-localclip-")): entry for entry in found}


@pytest.fixture(scope="module")
def plain() -> dict[tuple[str, str], dict[str, Any]]:
    """With nothing set but what is needed."""
    return rendered()


@pytest.fixture(scope="module")
def scaled() -> dict[tuple[str, str], dict[str, Any]]:
    """With KEDA."""
    return rendered(*KEDA, "--set", "autoscaling.enabled=true")


@pytest.fixture(scope="module")
def external() -> dict[tuple[str, str], dict[str, Any]]:
    """With servers of one's own and GPUs."""
    return rendered(*KEDA, "--values", str(CHART / "ci" / "external-gpu.yaml"))


def pod(objects: dict[tuple[str, str], dict[str, Any]], part: str, kind: str = "Deployment") -> dict[str, Any]:
    """The pod of a part."""
    found: dict[str, Any] = objects[kind, part]["spec"]["template"]["spec"]
    return found


def environment(pod: dict[str, Any]) -> dict[str, Any]:
    """Variables of its container; those of the Secret as (secret, key)."""
    found = {}
    for entry in pod["containers"][0]["env"]:
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        found[entry["name"]] = (reference["name"], reference["key"]) if reference else entry["value"]
    return found


@pytest.mark.parametrize("part", OURS)
def test_every_variable_is_a_setting_of_the_service(plain: Any, external: Any, part: str) -> None:
    """Or one that an address is made of."""
    made_of = {"POSTGRES_PASSWORD"}
    neural = {"LOCALCLIP_DEVICE", "LOCALCLIP_OFFLINE", "NVIDIA_DRIVER_CAPABILITIES"}  # read by engines and drivers
    for objects in (plain, external):
        assert set(environment(pod(objects, part))) - known_settings(part) - made_of - neural == set()


@pytest.mark.parametrize("part", STAGES)
def test_stages_scale_with_what_there_is_to_do(plain: Any, scaled: Any, part: str) -> None:
    """KEDA asks the gateway: the broker's queue holds no more than workers take, which is never a reason to grow."""
    spec = scaled["ScaledObject", part]["spec"]
    (trigger,) = spec["triggers"]
    asked = httpx.URL(trigger["metadata"]["url"])
    assert asked.host == "team-localclip-gateway.default.svc"
    assert ("Service", "gateway") in scaled
    stage = asked.path.removeprefix("/metrics/queues/")
    assert stage == STAGES[part]
    assert QueueLength.model_fields[trigger["metadata"]["valueLocation"]].annotation is int
    assert asked.path.replace(stage, "{stage}") in {getattr(route, "path", "") for route in metrics.router.routes}
    assert spec["scaleTargetRef"]["name"] == scaled["Deployment", part]["metadata"]["name"]
    assert "replicas" not in scaled["Deployment", part]["spec"], "helm would fight with KEDA"
    assert plain["Deployment", part]["spec"]["replicas"] == 1
    assert ("ScaledObject", part) not in plain, "no cluster has KEDA by itself"


def jobs_per_worker(objects: Any, part: str) -> int:
    """For how many jobs KEDA asks for a worker."""
    (trigger,) = objects["ScaledObject", part]["spec"]["triggers"]
    return int(trigger["metadata"]["targetValue"])


def test_a_worker_is_asked_for_as_many_jobs_as_it_takes(scaled: Any, external: Any) -> None:
    """Neural engines that batch take four at a time: a worker, and a GPU, for each would be three too many."""
    exports = {"exporter": ExporterSettings().jobs}
    assert {part: jobs_per_worker(scaled, part) for part in STAGES} == dict.fromkeys(STAGES, 1) | exports
    jobs = {"translator": TranslatorSettings().translation_jobs, "cloner": ClonerSettings().voice_jobs}
    assert {part: jobs_per_worker(external, part) for part in STAGES} == {"diarizer": 1, **exports, **jobs}


def test_what_changes_restarts_who_reads_it(plain: Any) -> None:
    """The Secret for everybody, the configuration for the broker."""
    for kind, part in [*(("Deployment", part) for part in OURS), ("StatefulSet", "nats"), ("StatefulSet", "postgres")]:
        assert "checksum/secret" in plain[kind, part]["spec"]["template"]["metadata"]["annotations"], part
    assert "checksum/config" in plain["StatefulSet", "nats"]["spec"]["template"]["metadata"]["annotations"]


def test_the_database_has_memory_to_share(plain: Any) -> None:
    """A container has 64 MB, too little for parallel queries."""
    found = pod(plain, "postgres", "StatefulSet")
    assert {"name": "shm", "mountPath": "/dev/shm"} in found["containers"][0]["volumeMounts"]  # noqa: S108
    assert {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}} in found["volumes"]


def test_only_who_needs_a_server_reaches_it(plain: Any) -> None:
    """Each pod has a policy that selects it by its own labels; servers hear their clients, workers nobody."""

    def heard(part: str) -> list[set[str]]:
        policy = plain["NetworkPolicy", part]["spec"]
        kind = "StatefulSet" if ("StatefulSet", part) in plain else "Deployment"
        labels = plain[kind, part]["spec"]["template"]["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
        rules = [rule["from"][0]["podSelector"] for rule in policy["ingress"] if "from" in rule]
        return [set(rule["matchExpressions"][0]["values"]) for rule in rules]

    assert heard("postgres") == [{"gateway", "backup"}]
    assert heard("objects") == [{"gateway", "backup", *STAGES}]
    assert heard("nats") == [{"gateway", "progress", "backup", *STAGES}]
    for part in ("progress", *STAGES):
        assert plain["NetworkPolicy", part]["spec"]["ingress"] == []
    assert ("NetworkPolicy", "nats") not in rendered("--set", "networkPolicy.enabled=false")


def test_a_public_store_is_open_to_browsers() -> None:
    """They fetch videos from it past the gateway."""
    rules = rendered("--set", "objects.publicEndpoint=https://s3.example.com")["NetworkPolicy", "objects"]["spec"]
    assert rules["ingress"] == [{"ports": [{"port": "s3"}]}]


@pytest.mark.parametrize("part", STAGES)
def test_workers_drain_before_their_pod_goes(plain: Any, part: str) -> None:
    """More time than the worker takes, and one worker at a time for disruptions."""
    found = pod(plain, part)
    variables = environment(found)
    takes_s = float(variables["LOCALCLIP_GRACE_S"]) + float(variables["LOCALCLIP_ABANDON_S"])
    assert found["terminationGracePeriodSeconds"] > takes_s
    assert plain["PodDisruptionBudget", part]["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("part", OURS)
def test_pods_of_ours_have_no_rights(plain: Any, part: str) -> None:
    """Nobody is root, nothing is written but the volumes, and the images agree about the user."""
    found = pod(plain, part)
    assert found["securityContext"]["runAsUser"] == OURSELVES
    assert image(part).user.startswith(f"{OURSELVES}:")
    assert found["automountServiceAccountToken"] is False
    container = found["containers"][0]["securityContext"]
    assert container["readOnlyRootFilesystem"] is True
    assert container["capabilities"] == {"drop": ["ALL"]}
    mounted = {mount["mountPath"] for mount in found["containers"][0]["volumeMounts"]}
    assert {image(part).environment["LOCALCLIP_WORK_DIR"], "/tmp"} <= mounted  # noqa: S108 (a path in a container)


def test_secrets_are_named_and_never_values(plain: Any, external: Any) -> None:
    """The chart makes no Secret; everything secret comes from the one it was told."""
    secret = {"S3_ACCESS_KEY", "S3_SECRET_KEY", "LOCALCLIP_API_KEYS", "DATABASE_URL", "NATS_PASSWORD"}
    for objects in (plain, external):
        assert not [kind for kind, _ in objects if kind == "Secret"]
        variables = environment(pod(objects, "gateway"))
        for name in secret & set(variables):
            assert isinstance(variables[name], tuple) or "$(" in variables[name], name
    assert environment(pod(external, "gateway"))["DATABASE_URL"] == ("keys", "DATABASE_URL")
    assert environment(pod(external, "gateway"))["NATS_URL"] == ("keys", "NATS_URL")


@pytest.mark.parametrize("part", OURS)
def test_every_service_is_a_user_of_its_own(plain: Any, part: str) -> None:
    """With the password that the broker is given for it."""
    variables, broker = environment(pod(plain, part)), environment(pod(plain, "nats", "StatefulSet"))
    assert variables["NATS_USER"] == part
    assert variables["NATS_PASSWORD"] == ("keys", Role(part).variable) == broker[f"BARE_{part.upper()}"]
    assert {name for name in broker if name.startswith("NATS_")} == {role.variable for role in Role}


def test_a_published_broker_speaks_tls_with_everybody() -> None:
    """A service for the outside, the certificate for the server, its authority for all who connect."""
    objects = rendered("--values", str(CHART / "ci" / "published-broker.yaml"))
    assert objects["Service", "nats-public"]["spec"]["type"] == "LoadBalancer"
    assert [port["port"] for port in objects["Service", "nats-public"]["spec"]["ports"]] == [4222]
    assert "--tls" in pod(objects, "nats", "StatefulSet")["containers"][0]["args"]
    for part in OURS:
        found = pod(objects, part)
        assert environment(found)["NATS_TLS_CA"] == "/broker-ca/ca.crt"
        assert {"name": "broker-ca", "mountPath": "/broker-ca", "readOnly": True} in found["containers"][0][
            "volumeMounts"
        ]


def test_a_gpu_stage_has_its_image_its_device_and_its_weights(external: Any) -> None:
    """One GPU per worker on the nodes that have them; the network is left alone."""
    found = pod(external, "cloner")
    container = found["containers"][0]
    assert container["image"] == "registry.example.com/team/cloner-gpu:0.1.0"
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert found["nodeSelector"] == {"accelerator": "nvidia"}
    assert found["runtimeClassName"] == "nvidia"
    variables = environment(found)
    assert (variables["LOCALCLIP_PROFILE"], variables["LOCALCLIP_OFFLINE"]) == ("neural", "true")
    assert "video" in variables["NVIDIA_DRIVER_CAPABILITIES"].split(",")
    assert {"name": "models", "mountPath": "/models", "readOnly": True} in container["volumeMounts"]
    assert pod(external, "diarizer")["nodeSelector"] == {"accelerator": "nvidia", "gpu": "small"}
    job = pod(external, "models-1", "Job")
    assert job["containers"][0]["args"] == ["localclip", "models", "pull", "whisper-large-v3"]


def test_live_events_are_not_held_back(external: Any) -> None:
    """By the ingress, and a video is not stored on its way in."""
    annotations = external["Ingress", "gateway"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"
    assert annotations["nginx.ingress.kubernetes.io/proxy-request-buffering"] == "off"
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > 60
    assert annotations["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"


def test_servers_come_with_the_chart_or_not_at_all(plain: Any, external: Any) -> None:
    """In the cluster by default; none of them where one's own are named."""
    assert {part for kind, part in plain if kind == "StatefulSet"} == {"nats", "postgres", "objects"}
    assert not [part for kind, part in external if kind == "StatefulSet"]


def test_the_broker_has_the_configuration_of_the_compose_file() -> None:
    """One file, of which helm wants a copy inside of the chart."""
    assert (CHART / "files" / "nats.conf").read_bytes() == (ROOT / "deploy" / "nats.conf").read_bytes()


def test_images_are_those_of_the_compose_file(plain: Any) -> None:
    """The same servers in the same versions."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for part in ("nats", "postgres", "objects"):
        assert f"-{pod(plain, part, 'StatefulSet')['containers'][0]['image']}}}" in text


# Values that make no stack, and a word of what is said about them.
REFUSED = [
    ("secret=", "set `secret`"),
    ("stages.cloner.maxReplicas=0", "maxReplicas"),
    ("gateway.strategy=Sometimes", "strategy"),
    ("objects.inCluster=false", "objects.endpoint"),
    ("ingress.enabled=true", "ingress.host"),
    ("gateway.colour=blue", "colour"),
    ("nats.image=nats", "nats"),
    ("nats.service.type=LoadBalancer", "nats.tls.secretName"),
    ("image.registry=", "set image.registry"),
    ("autoscaling.enabled=true", "needs KEDA"),
    ("nats.streamReplicas=3", "the chart runs one"),
    ("stages.cloner.gpu.enabled=true", "set models.enabled"),
    ("stages.exporter.minReplicas=0", "no worker at all"),
    ("models.enabled=true,models.accessMode=ReadWriteOnce", "models.oneNode"),
    ("backup.keep=0", "/backup/keep"),
]


@pytest.mark.parametrize(("values", "word"), REFUSED)
def test_values_that_cannot_work_are_refused(values: str, word: str) -> None:
    """Before anything is sent to a cluster, with what is wrong."""
    said = helm(*NEEDED, "--set", values)
    assert said.returncode != 0
    assert word in said.stderr


def test_a_values_file_for_every_kind_of_cluster_is_rendered() -> None:
    """Those that `make check` validates."""
    files = sorted(Path(CHART / "ci").glob("*.yaml"))
    assert len(files) >= 2
    for file in files:
        assert rendered(*KEDA, "--values", str(file))
    assert rendered("--set", "models.enabled=true,models.accessMode=ReadWriteOnce,models.oneNode=true")


def test_the_page_names_what_the_chart_makes() -> None:
    """Its commands are for somebody who has just lost a cluster."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    objects = rendered(*KEDA, "--set", "backup.enabled=true,autoscaling.enabled=true")
    kinds = {"service": "Service", "statefulset": "StatefulSet", "cronjob": "CronJob"}
    named = set(re.findall(r"\b(service|statefulset|cronjob)[ /]localclip-(\w+)", page))
    assert len(named) == 3
    assert not {(kinds[kind], part) for kind, part in named} - objects.keys()
    for claim, part in re.findall(r"pvc (\w+)-localclip-(\w+)-0", page):
        (template,) = objects["StatefulSet", part]["spec"]["volumeClaimTemplates"]
        assert template["metadata"]["name"] == claim
    (port,) = (entry["port"] for entry in objects["Service", "gateway"]["spec"]["ports"])
    assert f"service/localclip-gateway 8080:{port}" in page


def test_a_backup_is_a_cron_job_that_can_restore_too() -> None:
    """It has store, database and a volume that outlives the release; it knows the broker, to refuse a restore."""
    objects = rendered("--set", "backup.enabled=true", "--set", "backup.keep=3")
    spec = objects["CronJob", "backup"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    found = spec["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = found["containers"]
    assert container["args"] == ["backup.sh", "/backups"]
    given = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert given["LOCALCLIP_BACKUP_KEEP"] == "3"
    assert given["LOCALCLIP_BROKER"] == "team-localclip-nats:4222"
    assert given["S3_ENDPOINT"] == "team-localclip-objects:9000"
    assert {"DATABASE_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY", "LOCALCLIP_BACKUP_LIMIT_S"} < given.keys()
    claim = objects["PersistentVolumeClaim", "backup"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert {"name": "backups", "persistentVolumeClaim": {"claimName": "team-localclip-backup"}} in found["volumes"]
    assert ("CronJob", "backup") not in rendered()
    mine = rendered("--set", "backup.enabled=true", "--set", "backup.existingClaim=mine")
    assert ("PersistentVolumeClaim", "backup") not in mine
