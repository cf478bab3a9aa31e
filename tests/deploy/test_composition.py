"""The compose file and the images hold together: every setting is one that somebody reads, and nothing is left out."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from shared.messaging import Role
from tests.deploy.composition import (
    COMPOSE,
    DOCKERFILE,
    ROOT,
    Composed,
    MissingVariableError,
    compose,
    extras_of,
    image,
    known_settings,
    names,
)

OURS = ("gateway", "progress", "diarizer", "translator", "cloner", "exporter")
STAGES = ("diarizer", "translator", "cloner", "exporter")
SECRETS = (
    *(role.variable for role in Role),
    "POSTGRES_PASSWORD",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "LOCALCLIP_API_KEYS",
)
# What containers decide themselves: folders, and what only one side of the stack has a use for.
FIXED_BY_IMAGES = {
    "UPLOAD_DIR",
    "S3_PUBLIC_ENDPOINT",
    "LOCALCLIP_WORK_DIR",
    "LOCALCLIP_HEALTH_FILE",
    "LOCALCLIP_WEB_DIR",
    "LOCALCLIP_MODELS_DIR",
    "LOCALCLIP_ALLOW_ANONYMOUS",
    "LOCALCLIP_APERTIUM_DATA",
    # the cpu profile runs on the best engines whose weights are there
    "LOCALCLIP_PROFILE",
    "LOCALCLIP_DEVICE",
    "LOCALCLIP_COMPUTE_TYPE",
    "LOCALCLIP_GPU_LEASE",
    "LOCALCLIP_OFFLINE",
}


def new_env() -> dict[str, str]:
    """What deploy/new-env.sh writes."""
    script = ROOT / "deploy" / "new-env.sh"
    text = subprocess.run([str(script), "-"], check=True, capture_output=True, text=True).stdout
    return variables_of(text)


def variables_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


@pytest.fixture(scope="module")
def services() -> dict[str, Composed]:
    """The services with drawn secrets."""
    return compose(new_env())


@pytest.mark.parametrize("service", [*OURS, *(f"{stage}-gpu" for stage in STAGES)])
def test_every_variable_is_a_setting_of_the_service(service: str) -> None:
    """One that nobody reads would be a promise not kept."""
    of_the_driver = {"NVIDIA_DRIVER_CAPABILITIES"} if service.endswith("-gpu") else set()
    assert names(service) - known_settings(service.removesuffix("-gpu")) == of_the_driver


@pytest.mark.parametrize("service", OURS)
def test_every_setting_can_be_set(service: str) -> None:
    """A new setting of a service has to be handed on by docker-compose.yml (one line, without a value)."""
    assert known_settings(service) - names(service) - FIXED_BY_IMAGES == set()


@pytest.mark.parametrize("stage", STAGES)
def test_the_gpu_profile_hands_on_what_the_cpu_profile_does(stage: str) -> None:
    """The two differ in engines and nothing else."""
    assert names(stage) <= names(f"{stage}-gpu")


@pytest.mark.parametrize("target", OURS)
def test_the_image_sets_only_what_is_read(target: str) -> None:
    """Folders inside of the image, as settings that some service knows; its command is the service's."""
    everywhere = set().union(*(known_settings(service) for service in OURS))
    ours = {name for name in image(target).environment if name.startswith("LOCALCLIP_")}
    assert ours <= everywhere
    assert image(target).command == ("python", "-m", f"services.{target}")


@pytest.mark.parametrize("target", [*OURS, "models"])
def test_images_run_without_rights(target: str) -> None:
    """Nobody is root in them."""
    assert image(target).user == "10001:10001"


@pytest.mark.parametrize("service", [*OURS, *(f"{stage}-gpu" for stage in STAGES)])
def test_every_service_can_be_checked_and_drains(services: dict[str, Composed], service: str) -> None:
    """A health check with patience for models, and more time to stop than the service takes."""
    entry = services[service]
    assert image(str(entry.target)).health[:3] == ("python", "-m", "shared.healthy")
    assert entry.raw["read_only"] is True
    assert entry.raw["cap_drop"] == ["ALL"]
    if "LOCALCLIP_GRACE_S" in entry.environment:
        patience = int(entry.raw["stop_grace_period"].removesuffix("s"))
        assert patience > float(entry.environment["LOCALCLIP_GRACE_S"]) + 4


@pytest.mark.parametrize("service", [*OURS, *(f"{stage}-gpu" for stage in STAGES)])
def test_a_container_leaves_nothing_and_takes_no_more_than_its_share(
    services: dict[str, Composed], service: str
) -> None:
    """`/work` is a volume with a name: one without stays behind for every container there ever was."""
    entry = services[service]
    assert "work:/work" in entry.raw["volumes"]
    assert not re.search(r"^VOLUME", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(r"\d+[gm]", entry.raw["mem_limit"])


def test_images_go_to_a_registry_of_ones_own() -> None:
    """For a cluster they are built, tagged and pushed by compose."""
    for name, entry in compose(new_env() | {"LOCALCLIP_REGISTRY": "registry.example.com/team"}).items():
        if "build" in entry.raw:
            assert entry.raw["image"].startswith("registry.example.com/team/"), name


def test_the_page_for_clusters_builds_every_image() -> None:
    """With the secrets drawn before, without which compose reads nothing."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```\n([^`]*docker compose --profile '\*' build[^`]*)```", page)
    assert commands.startswith("deploy/new-env.sh")
    (listed,) = re.findall(r'^ours="(.+?)"', commands, re.MULTILINE)
    built = {name for name, entry in compose(new_env()).items() if "build" in entry.raw and not name.endswith("-gpu")}
    assert set(listed.split()) == built


def test_what_containers_and_shells_read_ends_its_lines_for_them() -> None:
    """On Windows, too, where git writes CRLF unless it is told otherwise; cmd.exe misses labels without."""
    files = {"start.bat": "crlf", "deploy/new-env.sh": "lf", "deploy/nats.conf": "lf", "scripts/test.sh": "lf"}
    git = ["git", "-C", str(ROOT), "check-attr", "eol", "--", *files]
    said = subprocess.run(git, capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.skip("the code is not in a git repository here")
    assert said.stdout.splitlines() == [f"{file}: eol: {end}" for file, end in files.items()]


def test_the_gpu_profile_has_a_compiler_and_the_encoder_of_the_card(services: dict[str, Composed]) -> None:
    """VoxCPM2 is compiled by triton, which asks for a C compiler; NVENC belongs to the driver's `video`."""
    assert "gcc" in services["cloner-gpu"].raw["build"]["args"]["COMPILER"]
    assert "$COMPILER" in DOCKERFILE.read_text(encoding="utf-8")
    for stage in STAGES:
        assert "video" in services[f"{stage}-gpu"].environment["NVIDIA_DRIVER_CAPABILITIES"].split(",")


def test_workers_have_time_to_load_their_models() -> None:
    """Docker must not count failures while weights are read."""
    runtime = re.search(r"HEALTHCHECK .*--start-period=(\d+)m", DOCKERFILE.read_text(encoding="utf-8"))
    assert runtime is not None
    assert int(runtime[1]) >= 10


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_starts_without_secrets(secret: str) -> None:
    """Each is asked for by its name."""
    variables = new_env()
    del variables[secret]
    with pytest.raises(MissingVariableError, match=secret):
        compose(variables)


def test_a_file_of_secrets_is_never_overwritten(tmp_path: Path) -> None:
    """A new one is for its owner alone; one of an older version keeps every line and gets what it lacks, once."""
    script, file = str(ROOT / "deploy" / "new-env.sh"), tmp_path / ".env"
    subprocess.run([script, str(file)], check=True)
    assert file.stat().st_mode & 0o077 == 0
    whole = variables_of(file.read_text())
    assert whole.keys() == new_env().keys()
    kept = ["# mine", *(f"{name}={value}" for name, value in whole.items() if not name.startswith("NATS_")), "MORE=1"]
    file.write_text("\n".join(kept))  # its last line has no end
    with pytest.raises(MissingVariableError, match=r"NATS_\w+_PASSWORD"):
        compose(variables_of(file.read_text()))
    added = subprocess.run([script, str(file)], check=True, capture_output=True, text=True).stderr
    assert "NATS_GATEWAY_PASSWORD" in added
    text = file.read_text()
    assert text.splitlines()[: len(kept)] == kept
    assert variables_of(text).keys() == {*whole, "MORE"}
    compose(variables_of(text))
    assert "nothing was changed" in subprocess.run([script, str(file)], capture_output=True, text=True).stderr
    assert file.read_text() == text


def test_every_service_is_a_user_of_its_own(services: dict[str, Composed]) -> None:
    """By its name, the neural ones by that of their stage, with a password that no other has."""
    found = {}
    for name, entry in services.items():
        if user := entry.environment.get("NATS_USER"):
            assert user == name.removesuffix("-gpu")
            found[user] = entry.environment["NATS_PASSWORD"]
    assert set(found) == set(OURS)
    assert len(set(found.values())) == len(OURS)
    told = services["nats"].environment
    assert {told[Role(user).variable] for user in found} == {f'"{password}"' for password in found.values()}


def test_no_file_holds_a_secret() -> None:
    """Passwords and keys are variables throughout."""
    for path in (COMPOSE, DOCKERFILE, ROOT / "deploy" / "nats.conf"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r"(PASSWORD|SECRET|API_KEYS|password)\W", line.split("#")[0]):
                assert "$" in line, line


def test_every_image_is_pinned(services: dict[str, Composed]) -> None:
    """By a tag that says a version."""
    base = re.findall(r"^ARG \w+_IMAGE=(\S+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    foreign = [entry.raw["image"] for entry in services.values() if "build" not in entry.raw]
    assert len(base) == 3
    for name in [*base, *foreign]:
        assert re.search(r":\D*\d+\D+\d", name), name


def test_extras_are_those_of_the_project(services: dict[str, Composed]) -> None:
    """An image asks for extras that exist."""
    known = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    )
    for entry in services.values():
        if entry.target and entry.target != "backup":
            asked = entry.raw["build"].get("args", {}).get("EXTRAS") or extras_of(entry.target)
            assert set(asked.replace("--extra", " ").split()) <= known, entry.name


def test_with_certificates_everybody_speaks_tls() -> None:
    """The file laid over the other one publishes the broker and hands its authority to all who connect."""
    over = yaml.safe_load((ROOT / "deploy" / "compose.tls.yml").read_text(encoding="utf-8"))["services"]
    plain = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    speak = {name for name, entry in plain.items() if "NATS_USER" in (entry.get("environment") or {})}
    assert {name for name, entry in over.items() if "NATS_TLS_CA" in entry.get("environment", {})} == speak
    assert over["nats"]["command"][: len(plain["nats"]["command"])] == plain["nats"]["command"]
    assert "--tls" in over["nats"]["command"]
    assert "ports" not in plain["nats"]
    assert "ports" in over["nats"]


def docker_compose() -> list[str] | None:
    """The command, as a plugin of docker or alone."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if shutil.which("docker") and not subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        return ["docker", "compose"]
    return None


def test_docker_compose_reads_the_file_as_these_tests_do(tmp_path: Path, services: dict[str, Composed]) -> None:
    """Where the real one is installed: accepted, and filled in alike."""
    command = docker_compose()
    if command is None:
        pytest.skip("docker compose is not installed")
    variables = new_env()
    file = tmp_path / "env"
    file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    whole = [*command, "--project-directory", str(ROOT), "--env-file", str(file), "--profile", "*"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    said = subprocess.run([*whole, "config", "--format", "json"], env=environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    real = json.loads(said.stdout)["services"]
    ours = compose(variables)
    assert set(real) == set(ours)
    for name, entry in ours.items():
        held = {key: value for key, value in (real[name].get("environment") or {}).items() if value is not None}
        assert held == dict(entry.environment), name


def test_hadolint_has_nothing_to_say() -> None:
    """The linter of Dockerfiles, which `make check` runs, too."""
    linter = Path(sys.executable).with_name("hadolint")
    said = subprocess.run([str(linter), str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
